//! A real server and connections to it that show replies as they came.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

use gatecrash::redis::PrivateServer;
use gatecrash_limiter::{Command, Reply};

/// Starts a real server. There is no skipping: without one nothing would be proved.
pub(crate) fn start_server() -> PrivateServer {
    PrivateServer::start().unwrap_or_else(|error| panic!("the model is compared with a real server: {error}"))
}

/// Another client of the server.
pub(crate) fn connect(server: &PrivateServer) -> Connection {
    Connection(BufReader::new(UnixStream::connect(server.socket()).expect("the server accepts connections")))
}

/// One client's connection.
pub(crate) struct Connection(BufReader<UnixStream>);

impl Connection {
    pub(crate) fn run(&mut self, command: &Command) -> Reply {
        let mut request = format!("*{}\r\n", command.parts().len()).into_bytes();
        for part in command.parts() {
            request.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
            request.extend_from_slice(part);
            request.extend_from_slice(b"\r\n");
        }
        self.0.get_mut().write_all(&request).expect("the server takes commands");
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).expect("the server answers");
        let line =
            String::from_utf8_lossy(line.strip_suffix(b"\r\n").expect("the server is there")).into_owned();
        let (kind, rest) = line.split_at(1);
        let number = || rest.parse::<i64>().expect("a number after the type");
        match kind {
            "+" => Reply::Status(rest.into()),
            "-" => Reply::Error(rest.into()),
            ":" => Reply::Int(number()),
            "$" | "*" if number() < 0 => Reply::Nil,
            "*" => Reply::Array((0..number()).map(|_| self.reply()).collect()),
            "$" => {
                let mut bytes = vec![0; usize::try_from(number()).expect("checked above") + 2];
                self.0.read_exact(&mut bytes).expect("the server answers");
                bytes.truncate(bytes.len() - 2);
                Reply::bulk(bytes)
            }
            other => panic!("the server sent a reply of type {other:?}"),
        }
    }
}
