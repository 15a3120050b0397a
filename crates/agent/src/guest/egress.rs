//! The sandbox's way out: answers DNS on a loopback address, takes connections to any
//! address, and hands both to the host, which decides. Bytes do not pass through here.

mod clients;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use super::dns::{Answer, QUERY_MAX, Query};
use super::sys::{self, Epoll, READ, WRITE};
use crate::packet;
use crate::protocol::egress::{GuestRequest, HostReply, PACKET_MAX, Unresolved};
use clients::Clients;

/// Tokens of this module in epoll begin here.
pub(super) const EGRESS_BASE: u64 = 1 << 62;
const LINK: u64 = EGRESS_BASE;
const DNS: u64 = EGRESS_BASE + 1;
const DNS_TCP: u64 = EGRESS_BASE + 2;
const CLIENTS: u64 = EGRESS_BASE + 16;
const LISTENERS: u64 = EGRESS_BASE + 1024;

/// Where `/etc/resolv.conf` says that names are asked for.
const RESOLVER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 53), 53));
/// Taken besides those of the policy, so that an attempt at an address that is not allowed is
/// told in the log.
const USUAL_PORTS: [u16; 2] = [80, 443];
/// Questions that wait for the host; the oldest gives way.
const PENDING_MAX: usize = 64;
/// Packets that wait for the link; at this number no more connections are taken.
const WAITING_MAX: usize = 64;
/// Latest lines for the log, so that a loop does not fill it with one line.
const SEEN_MAX: usize = 16;

/// How long a line counts as told where the agent does not see calls begin.
const TOLD_FOR: Duration = Duration::from_secs(1);

/// Whom an answer goes to.
#[derive(Debug, Clone, Copy)]
enum Asker {
    Udp(SocketAddr),
    Tcp(u64),
}

struct Pending {
    id: u32,
    asker: Asker,
    query: Query,
}

pub(super) struct Egress {
    link: OwnedFd,
    dns: Option<UdpSocket>,
    dns_tcp: Option<TcpListener>,
    clients: Clients,
    listeners: Vec<TcpListener>,
    pending: VecDeque<Pending>,
    waiting: VecDeque<(Vec<u8>, Option<OwnedFd>)>,
    /// Connections are not taken until the link has room.
    paused: bool,
    ids: u32,
    /// The function's name, once it has a policy or is known to have none.
    function: String,
    open: bool,
    notes: Vec<String>,
    /// Lines that were written into the pipe and not yet announced to who reads it.
    spoken: Vec<String>,
    seen: VecDeque<String>,
    /// Notes go into this pipe of ours, as if the runtime had printed them, and when the last one did.
    voice: Option<(RawFd, Instant)>,
}

impl Egress {
    /// Answers names from now on; nothing is let out before [`Self::open`].
    pub(super) fn start(link: OwnedFd, epoll: &Epoll) -> io::Result<Self> {
        sys::set_nonblocking(link.as_raw_fd())?;
        // Nobody else is there yet to have the address; without it names are not found.
        let dns = UdpSocket::bind(RESOLVER).ok();
        let dns_tcp = TcpListener::bind(RESOLVER).ok();
        if let Some(socket) = &dns {
            socket.set_nonblocking(true)?;
            epoll.add(socket.as_raw_fd(), DNS, READ)?;
        }
        if let Some(socket) = &dns_tcp {
            socket.set_nonblocking(true)?;
            epoll.add(socket.as_raw_fd(), DNS_TCP, READ)?;
        }
        Ok(Self {
            link,
            dns,
            dns_tcp,
            clients: Clients::default(),
            listeners: Vec::new(),
            pending: VecDeque::new(),
            waiting: VecDeque::new(),
            paused: false,
            ids: 0,
            function: String::new(),
            open: false,
            notes: Vec::new(),
            spoken: Vec::new(),
            seen: VecDeque::new(),
            voice: None,
        })
    }

    /// Takes connections to these ports of any address; no ports mean that there is no network.
    pub(super) fn open(&mut self, function: &str, ports: &[u16], epoll: &Epoll) -> io::Result<()> {
        function.clone_into(&mut self.function);
        if ports.is_empty() || self.open {
            return Ok(());
        }
        self.open = true;
        epoll.add(self.link.as_raw_fd(), LINK, READ)?;
        let mut ports: Vec<u16> = ports.iter().chain(&USUAL_PORTS).copied().collect();
        ports.sort_unstable();
        ports.dedup();
        for port in ports {
            match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) {
                Ok(listener) => {
                    listener.set_nonblocking(true)?;
                    epoll.add(listener.as_raw_fd(), LISTENERS + self.listeners.len() as u64, READ)?;
                    self.listeners.push(listener);
                }
                Err(error) => self.note(format!("connections to port {port} cannot be taken: {error}")),
            }
        }
        Ok(())
    }

    /// Lines for the log since the last time.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Lines that are in the pipe of [`Self::speak_by`] since the last time.
    pub(super) fn take_spoken(&mut self) -> Vec<String> {
        std::mem::take(&mut self.spoken)
    }

    /// Writes notes into the pipe with this reading end, before whoever caused them hears of it:
    /// so the shim, which may run calls that we do not know, sees that there is something to
    /// hand over, and the note gets to its call. The pipe must outlive us, or be replaced here.
    pub(super) fn speak_by(&mut self, pipe: Option<RawFd>) {
        self.voice = pipe.map(|pipe| (pipe, Instant::now()));
    }

    fn note(&mut self, text: String) {
        // Without calls that begin here, time tells when a line may be told again.
        if let Some((_, last)) = &mut self.voice
            && last.elapsed() > TOLD_FOR
        {
            *last = Instant::now();
            self.seen.clear();
        }
        if self.seen.contains(&text) {
            return;
        }
        if self.seen.len() == SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(text.clone());
        if let Some((pipe, _)) = self.voice
            && sys::write_into_pipe(pipe, &format!("{text}\n")).is_ok()
        {
            self.spoken.push(text);
            return;
        }
        if self.notes.len() < SEEN_MAX {
            self.notes.push(text);
        }
    }

    /// A line that was told may be told again: another call began.
    pub(super) fn forget_notes(&mut self) {
        self.seen.clear();
    }

    pub(super) fn on_event(&mut self, token: u64, ready: u32, epoll: &Epoll) -> io::Result<()> {
        match token {
            LINK => self.on_link(ready, epoll),
            DNS => self.on_datagrams(epoll),
            DNS_TCP => {
                if let Some(listener) = &self.dns_tcp {
                    self.clients.accept(listener, CLIENTS, epoll)?;
                }
                Ok(())
            }
            token if token >= LISTENERS => self.accept((token - LISTENERS) as usize, epoll),
            token => self.on_client(token - CLIENTS, epoll),
        }
    }

    // ---- names -------------------------------------------------------------

    fn on_datagrams(&mut self, epoll: &Epoll) -> io::Result<()> {
        let mut buffer = [0u8; QUERY_MAX + 1];
        // Bounded, so that a flood of questions does not keep calls waiting.
        for _ in 0..32 {
            let Some(socket) = &self.dns else { return Ok(()) };
            let Ok((size, from)) = socket.recv_from(&mut buffer) else { return Ok(()) };
            if let Some(query) = Query::parse(&buffer[..size]) {
                self.ask(query, Asker::Udp(from), epoll)?;
            }
        }
        Ok(())
    }

    fn on_client(&mut self, number: u64, epoll: &Epoll) -> io::Result<()> {
        if let Some(query) = self.clients.read(number) {
            self.ask(query, Asker::Tcp(number), epoll)?;
        }
        Ok(())
    }

    fn ask(&mut self, query: Query, asker: Asker, epoll: &Epoll) -> io::Result<()> {
        if let Some(answer) = query.immediate() {
            self.reply(asker, &answer);
            return Ok(());
        }
        if !self.open {
            let name = &query.name;
            let text = if self.function.is_empty() {
                format!("network refused {name}: there is no network here")
            } else {
                format!(
                    "network refused {name}: this function has no network; allow it with: \
                     nova fn update {} --allow-network {name}:443",
                    self.function
                )
            };
            self.note(text);
            self.reply(asker, &query.answer(Answer::NoSuchName));
            return Ok(());
        }
        if self.pending.len() == PENDING_MAX {
            self.pending.pop_front();
        }
        self.ids = self.ids.wrapping_add(1);
        let request = GuestRequest::Resolve { id: self.ids, name: query.name.clone() };
        self.pending.push_back(Pending { id: self.ids, asker, query });
        self.send(&request, None, epoll)
    }

    fn reply(&mut self, asker: Asker, answer: &[u8]) {
        match asker {
            // Whoever does not read asks again.
            Asker::Udp(to) => drop(self.dns.as_ref().map(|socket| socket.send_to(answer, to))),
            Asker::Tcp(number) => self.clients.answer(number, answer),
        }
    }

    fn on_answer(&mut self, id: u32, answer: Answer) {
        let Some(index) = self.pending.iter().position(|pending| pending.id == id) else { return };
        if let Some(Pending { asker, query, .. }) = self.pending.remove(index) {
            self.reply(asker, &query.answer(answer));
        }
    }

    // ---- connections -------------------------------------------------------

    fn accept(&mut self, index: usize, epoll: &Epoll) -> io::Result<()> {
        for _ in 0..32 {
            let Some(listener) = self.listeners.get(index) else { return Ok(()) };
            if self.waiting.len() >= WAITING_MAX {
                return self.pause(epoll);
            }
            let Ok((stream, _)) = listener.accept() else { return Ok(()) };
            let Ok(SocketAddr::V4(to)) = stream.local_addr() else { continue };
            let request = GuestRequest::Connect { address: to.ip().octets(), port: to.port() };
            self.send(&request, Some(stream.into()), epoll)?;
        }
        Ok(())
    }

    fn pause(&mut self, epoll: &Epoll) -> io::Result<()> {
        self.paused = true;
        self.watch_listeners(0, epoll)
    }

    fn watch_listeners(&self, interest: u32, epoll: &Epoll) -> io::Result<()> {
        for (index, listener) in self.listeners.iter().enumerate() {
            epoll.change(listener.as_raw_fd(), LISTENERS + index as u64, interest)?;
        }
        Ok(())
    }

    // ---- the link ----------------------------------------------------------

    fn send(&mut self, request: &GuestRequest, socket: Option<OwnedFd>, epoll: &Epoll) -> io::Result<()> {
        let body = serde_json::to_vec(request)?;
        let was_empty = self.waiting.is_empty();
        // Questions come on top of the connections that wait; they are bounded by themselves.
        if self.waiting.len() < WAITING_MAX + PENDING_MAX {
            self.waiting.push_back((body, socket));
        }
        if was_empty && !self.flush() {
            epoll.change(self.link.as_raw_fd(), LINK, READ | WRITE)?;
        }
        Ok(())
    }

    /// Sends what waits; `false` if the link is full.
    fn flush(&mut self) -> bool {
        while let Some((body, socket)) = self.waiting.front() {
            let beside: Vec<_> = socket.iter().map(OwnedFd::as_fd).collect();
            match packet::send(self.link.as_fd(), body, &beside) {
                Err(error) if is_full(&error) => return false,
                // Without a host there is nobody to ask: the socket is closed.
                Ok(()) | Err(_) => drop(self.waiting.pop_front()),
            }
        }
        true
    }

    fn on_link(&mut self, ready: u32, epoll: &Epoll) -> io::Result<()> {
        if ready & WRITE != 0 && self.flush() {
            epoll.change(self.link.as_raw_fd(), LINK, READ)?;
            if std::mem::take(&mut self.paused) {
                self.watch_listeners(READ, epoll)?;
            }
        }
        let mut buffer = [0u8; PACKET_MAX];
        for _ in 0..64 {
            match packet::receive(self.link.as_fd(), &mut buffer) {
                Ok(Some((size, _))) => match serde_json::from_slice(&buffer[..size]) {
                    Ok(HostReply::Resolved { id, address }) => self.on_answer(id, Answer::Address(address)),
                    Ok(HostReply::Unresolved { id, why: Unresolved::NoSuchName }) => {
                        self.on_answer(id, Answer::NoSuchName);
                    }
                    Ok(HostReply::Unresolved { id, why: Unresolved::Failed }) => {
                        self.on_answer(id, Answer::Failed);
                    }
                    Ok(HostReply::Note { text }) => self.note(text),
                    // A newer host may say more than we know.
                    Err(_) => {}
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Ok(None) | Err(_) => return epoll.remove(self.link.as_raw_fd()),
            }
        }
        Ok(())
    }
}

fn is_full(error: &io::Error) -> bool {
    // Too many descriptors on their way look different from too many bytes.
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ETOOMANYREFS)
}
