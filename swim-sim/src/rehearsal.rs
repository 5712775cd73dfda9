//! Devices from recorded inventories.
