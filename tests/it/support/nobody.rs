//! An address that refuses every connection.

use tokio::net::TcpSocket;

/// A port of loopback that is taken and never listened on, so that no other test can get it meanwhile.
pub struct Nobody {
    host: String,
    _taken: TcpSocket,
}

impl Nobody {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("loopback has sockets");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("loopback has free ports");
        let host = socket.local_addr().expect("a bound socket has an address").to_string();
        Self { host, _taken: socket }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.host
    }
}
