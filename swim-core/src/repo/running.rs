//! Which file of a device is its running image, where it is one file.

use crate::model::{Device, Inventory, Mode};
use crate::{Error, ErrorKind, Result};

/// The path of the running image, as the device wrote it: `flash:/c2960x-universalk9-mz.152-7.E10.bin`.
///
/// # Errors
/// `Unsupported`, with the reason, where the running software is no file that could be taken: in install mode the packages
/// cannot be put together into an image again, IOS XR runs packages, and wireless LAN controllers keep none; `NotFound` when
/// the device did not say.
pub fn running_image<'a>(device: &Device, inventory: &'a Inventory) -> Result<&'a str> {
    let refuse = |why: &str| {
        let message = format!("the running image of {} cannot be taken: {why}", device.id);
        Err(Error::new(ErrorKind::Unsupported, "import", message).with("device", &device.id))
    };
    match device.platform.0.as_str() {
        "ios_xr" => return refuse("IOS XR runs packages; PIEs and SMUs of a device are no images"),
        "aireos" => return refuse("a wireless LAN controller cannot put its software together into a file again"),
        _ => {}
    }
    let packages = |path: &str| path.to_ascii_lowercase().ends_with("packages.conf");
    let image = inventory.image.as_deref().filter(|image| !image.is_empty());
    if inventory.mode == Some(Mode::Install) || image.is_some_and(packages) {
        return refuse("it runs in install mode (packages.conf), and its packages are no image");
    }
    image.ok_or_else(|| {
        let message = format!("{} did not say which image it runs", device.id);
        Error::new(ErrorKind::NotFound, "import", message).with("device", &device.id)
    })
}
