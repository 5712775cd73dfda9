//! TFTP (RFC 1350), without options: what devices do unless `ip tftp blocksize` says otherwise.

use std::time::Duration;

use swim_core::model::{Endpoint, Protocol};

use super::{Arriving, PullError, Target, Url};
use crate::SimDevice;
use crate::terminal::Printer;

/// Bytes of every block but the last.
const BLOCK: usize = 512;
/// How long a device waits for a block before it asks again.
const WAIT: Duration = Duration::from_secs(3);
/// How often it asks before it gives up: half a minute in all.
const TRIES: u32 = 10;

/// Reads a file.
pub(crate) async fn tftp(device: SimDevice, url: Url, target: Target, out: Printer) -> Result<u64, PullError> {
    let socket = device.datagrams().await.map_err(|_| PullError::Opening("Timed out"))?;
    let server = url.endpoint(69);
    let mut ours = [&[0, 1][..], url.path.as_bytes(), &[0], b"octet", &[0]].concat();
    let mut to = server.clone();
    let mut file: Option<Arriving<'_>> = None;
    let mut next: u16 = 1;
    loop {
        let (code, number, data) = answer(&device, &*socket, &ours, &mut to, &server, &out).await?;
        match code {
            5 if file.is_none() => return Err(PullError::Opening(words(number))),
            5 => return Err(PullError::Reading("Transfer aborted")),
            3 if number == next => {}
            // A block that came twice: our acknowledgement was lost, or late.
            _ => continue,
        }
        if file.is_none() {
            out.put(format!("Loading {} from {} (via GigabitEthernet0/0): ", url.path, url.host));
        }
        let file_now = file.get_or_insert_with(|| Arriving::new(&device, &target, Protocol::Tftp, &out));
        file_now.take(&data).await?;
        ours = [&[0, 4][..], &next.to_be_bytes()].concat();
        next = next.wrapping_add(1);
        if data.len() < BLOCK {
            break;
        }
    }
    // The last acknowledgement is not answered; if it is lost, the server gives up by itself.
    let _ = socket.send(&ours, ours.len(), &to).await;
    let bytes = file.map_or(0, Arriving::finish);
    out.put("\n");
    Ok(bytes)
}

/// Sends what we have to say until the server answers: the code, the number and the rest of its packet.
async fn answer(
    device: &SimDevice,
    socket: &dyn swim_core::ports::Datagrams,
    ours: &[u8],
    to: &mut Endpoint,
    server: &Endpoint,
    out: &Printer,
) -> Result<(u16, u16, Vec<u8>), PullError> {
    let gone = |opening: bool| if opening { PullError::Opening("Timed out") } else { PullError::Reading("Timed out") };
    let mut batch = Vec::new();
    for _ in 0..TRIES {
        socket.send(ours, ours.len(), to).await.map_err(|_| gone(to == server))?;
        let received = tokio::select! {
            received = socket.receive(&mut batch) => received.map_err(|_| gone(to == server))?,
            () = device.clock().sleep(WAIT.as_secs_f64()) => {
                out.put(".");
                continue;
            }
        };
        let (each, from) = received;
        // The server answers from another port, which is its end of the transfer from then on (RFC 1350, 4).
        if *to == *server {
            *to = from;
        } else if from.port != to.port {
            continue;
        }
        let Some([a, b, c, d, data @ ..]) = batch.chunks(each).next() else { continue };
        return Ok((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]), data.to_vec()));
    }
    Err(gone(to == server))
}

const fn words(code: u16) -> &'static str {
    match code {
        1 => "No such file or directory",
        2 => "Permission denied",
        _ => "Undefined error",
    }
}
