//! The whole service on a socket, for what has none in memory: slow clients, and the end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::fixture::{SHAPE, conv, png};
use crate::error::ServeError;
use crate::limits::Limits;
use crate::models::catalog::Models;
use crate::server::{Server, ServerOptions};

/// Runs a service while `work` is done, and returns what that does.
fn while_serving<T>(limits: Limits, work: impl FnOnce(SocketAddr) -> T) -> T {
    let options = ServerOptions {
        limits,
        ..ServerOptions::default()
    };
    let server = Server::bind(options).unwrap();
    let models = Models::default().with_model("conv", conv()).unwrap();
    let (tell, told) = channel();
    let (end, asked) = tokio::sync::oneshot::channel::<()>();
    let serving = thread::spawn(move || {
        let when_ready = |address| {
            tell.send(address).unwrap();
            Ok::<_, ServeError>(())
        };
        let ended = || {
            Ok(async move {
                let _ = asked.await;
            })
        };
        server.run_until(models, when_ready, ended)
    });
    let done = work(told.recv().unwrap());
    drop(end);
    serving.join().unwrap().unwrap();
    done
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

fn all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn head(length: usize) -> String {
    format!(
        "POST /api/v1/models/conv/denoise HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[test]
fn slow_clients_are_not_waited_for() {
    let limits = Limits {
        header_time: Duration::from_millis(300),
        body_time: Duration::from_millis(300),
        ..Limits::default()
    };
    while_serving(limits, |address| {
        let silent = connect(address);
        let mut slow_header = connect(address);
        slow_header.write_all(b"POST /api/v1/mod").unwrap();
        let mut slow_body = connect(address);
        slow_body.write_all(head(1_000).as_bytes()).unwrap();
        slow_body.write_all(b"a few").unwrap();
        assert_eq!(all(silent), "");
        let answer = all(slow_header);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
        let answer = all(slow_body);
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("did not come within 0.3 s"), "{answer}");
    });
}

#[test]
fn what_is_being_answered_is_answered_when_the_service_ends() {
    let file = png(SHAPE);
    let mut open = while_serving(Limits::default(), |address| {
        let mut stream = connect(address);
        let text = head(file.len());
        stream.write_all(text.as_bytes()).unwrap();
        stream.write_all(&file[..50]).unwrap();
        // The service has to have accepted it before it is told to end.
        thread::sleep(Duration::from_millis(300));
        let idle = connect(address);
        let rest = file[50..].to_vec();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            stream.write_all(&rest).unwrap();
            drop(idle);
            all(stream)
        })
    })
    .join()
    .unwrap();
    assert!(open.starts_with("HTTP/1.1 200 OK"), "{open}");
    open.truncate(0);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let first = Server::bind(ServerOptions::default()).unwrap();
    let options = ServerOptions {
        address: first.address(),
        ..ServerOptions::default()
    };
    let error = Server::bind(options).unwrap_err();
    let expected = format!("cannot listen at {}", first.address());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_no_http_ends_a_connection_and_nothing_else() {
    while_serving(Limits::default(), |address| {
        for bytes in [
            &b"\x16\x03\x01\x02\x00"[..],
            b"GET\r\n\r\n",
            b"\0\0\0\0\r\n\r\n",
        ] {
            let mut stream = connect(address);
            stream.write_all(bytes).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let answer = all(stream);
            assert!(
                answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
                "{answer}"
            );
        }
        let mut stream = connect(address);
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        assert!(all(stream).ends_with("live\n"));
    });
}
