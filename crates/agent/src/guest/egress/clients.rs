//! Connections of those who ask for names over TCP: few, short-lived, bounded.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use super::super::dns::{QUERY_MAX, Query};
use super::super::sys::{Epoll, READ};

/// Connections at once; another one takes the place of the oldest.
const CLIENTS_MAX: usize = 8;

#[derive(Debug)]
struct Client {
    number: u64,
    stream: TcpStream,
    /// Length and query as far as they came.
    input: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Clients {
    clients: Vec<Client>,
    numbers: u64,
}

impl Clients {
    /// Takes connections; their tokens are `base` and a number below 1000.
    pub(super) fn accept(&mut self, listener: &TcpListener, base: u64, epoll: &Epoll) -> std::io::Result<()> {
        for _ in 0..CLIENTS_MAX {
            let Ok((stream, _)) = listener.accept() else { return Ok(()) };
            stream.set_nonblocking(true)?;
            if self.clients.len() == CLIENTS_MAX {
                self.clients.remove(0);
            }
            self.numbers = (self.numbers + 1) % 1000;
            epoll.add(stream.as_raw_fd(), base + self.numbers, READ)?;
            self.clients.push(Client { number: self.numbers, stream, input: Vec::new() });
        }
        Ok(())
    }

    /// Reads what came; a query once it is whole.
    pub(super) fn read(&mut self, number: u64) -> Option<Query> {
        let index = self.clients.iter().position(|client| client.number == number)?;
        let client = &mut self.clients[index];
        let mut buffer = [0u8; QUERY_MAX + 2];
        match client.stream.read(&mut buffer) {
            Ok(count) if count > 0 => client.input.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return None,
            _ => {
                self.clients.remove(index);
                return None;
            }
        }
        let head = client.input.first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*head));
        if length > QUERY_MAX || client.input.len() > 2 * (QUERY_MAX + 2) {
            self.clients.remove(index);
            return None;
        }
        let query = Query::parse(client.input.get(2..2 + length)?);
        client.input.drain(..2 + length);
        if query.is_none() {
            self.clients.remove(index);
        }
        query
    }

    /// Writes an answer; who does not take it at once is let go.
    pub(super) fn answer(&mut self, number: u64, answer: &[u8]) {
        let Some(index) = self.clients.iter().position(|client| client.number == number) else { return };
        let mut message = Vec::with_capacity(2 + answer.len());
        message.extend_from_slice(&(answer.len() as u16).to_be_bytes());
        message.extend_from_slice(answer);
        if self.clients[index].stream.write_all(&message).is_err() {
            self.clients.remove(index);
        }
    }
}
