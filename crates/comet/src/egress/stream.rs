//! Moving the bytes of one connection, both ways, with the back-pressure of the sockets.

use std::io;
use std::net::Shutdown;

use socket2::SockRef;
use tokio::net::TcpStream;

use super::account::{Account, Direction};

/// Bytes moved at once. Held only while there is something to move.
const CHUNK: usize = 64 * 1024;
/// Chunks after which other tasks of the thread get their turn.
const TURN: usize = 16;

/// Why a connection was cut before its ends closed it.
#[derive(Debug)]
pub(super) enum Cut {
    Socket,
    Limit(String),
}

impl From<io::Error> for Cut {
    fn from(_: io::Error) -> Self {
        // Either side sees it as what it is: a broken connection.
        Self::Socket
    }
}

/// Carries bytes until both sides have closed, or one broke off.
pub(super) async fn carry(inside: &TcpStream, outside: &TcpStream, account: &Account) -> Result<(), Cut> {
    let out = one_way(inside, outside, |count| account.pass(Direction::Out, count));
    let back = one_way(outside, inside, |count| account.pass(Direction::In, count));
    tokio::try_join!(out, back).map(drop)
}

async fn one_way(
    from: &TcpStream,
    to: &TcpStream,
    pass: impl Fn(usize) -> Result<(), String>,
) -> Result<(), Cut> {
    loop {
        from.readable().await?;
        let mut buffer = Vec::with_capacity(CHUNK);
        for _ in 0..TURN {
            buffer.clear();
            match from.try_read_buf(&mut buffer) {
                Ok(0) => {
                    // Half-closed: the other way may go on.
                    let _ = SockRef::from(to).shutdown(Shutdown::Write);
                    return Ok(());
                }
                Ok(count) => {
                    pass(count).map_err(Cut::Limit)?;
                    write_all(to, &buffer).await?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        tokio::task::yield_now().await;
    }
}

async fn write_all(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => to.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Closes a socket so that the other side sees a broken connection, not an end.
pub(super) fn break_off(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_linger(Some(std::time::Duration::ZERO));
}
