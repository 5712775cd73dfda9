//! Which file of a device is its running image, where it is one file.

use crate::analysis::{Answer, Process, Product, support};
use crate::model::{Device, Inventory, Mode};
use crate::{Error, ErrorKind, Result};

/// The path of the running image, as the device wrote it: `flash:/c2960x-universalk9-mz.152-7.E10.bin`.
///
/// # Errors
/// `Unsupported`, with the reason of the support matrix, where the running software is no file that could be taken: in
/// install mode, on IOS XR and on wireless LAN controllers; `NotFound` when the device did not say.
pub fn running_image<'a>(device: &Device, inventory: &'a Inventory) -> Result<&'a str> {
    let refuse = |why: &str| {
        let message = format!("the running image of {} cannot be taken: {why}", device.id);
        Err(Error::new(ErrorKind::Unsupported, "import", message).with("device", &device.id))
    };
    let image = inventory.image.as_deref().filter(|image| !image.is_empty());
    let packages = image.is_some_and(|path| path.to_ascii_lowercase().ends_with("packages.conf"));
    let mode = if packages { Some(Mode::Install) } else { inventory.mode };
    let product = Product { platform: &device.platform, mode, ..Product::of(inventory) };
    let told = support(&product, Process::ImportFromDevice);
    if told.answer == Answer::No {
        return refuse(&told.why.unwrap_or_default());
    }
    // Of products that the matrix does not name as well.
    if mode == Some(Mode::Install) {
        return refuse("it runs in install mode (packages.conf), and its packages are no image");
    }
    image.ok_or_else(|| {
        let message = format!("{} did not say which image it runs", device.id);
        Error::new(ErrorKind::NotFound, "import", message).with("device", &device.id)
    })
}
