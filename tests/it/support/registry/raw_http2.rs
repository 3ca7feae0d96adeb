//! HTTP/2 served by hand, for what a server of axum never does: refusing a stream, saying goodbye.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::Request;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::fault::StreamFault;
use super::wire::{Connection, Switched};
use super::{Shared, serve};

/// Answers what comes on one connection, by `shared`.
pub(super) async fn take(stream: Switched, connection: Connection, shared: Arc<Shared>) {
    let Ok(mut wire) = h2::server::handshake(stream).await else { return };
    let (goodbye, mut goodbyes) = mpsc::unbounded_channel();
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            accepted = wire.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                let asked = serve::answer(
                    State(Arc::clone(&shared)), ConnectInfo(connection.clone()), request.map(body),
                );
                answers.spawn(answer(asked, respond, goodbye.clone()));
            }
            Some(reason) = goodbyes.recv() => wire.abrupt_shutdown(reason),
            Some(_) = answers.join_next() => {}
        }
    }
}

fn body(stream: RecvStream) -> Body {
    let frames = futures_util::stream::unfold(stream, async |mut stream| {
        let frame = stream.data().await?;
        if let Ok(frame) = &frame {
            stream.flow_control().release_capacity(frame.len()).ok();
        }
        Some((frame, stream))
    });
    Body::from_stream(frames)
}

async fn answer(
    asked: impl Future<Output = Response>,
    mut respond: SendResponse<Bytes>,
    goodbye: mpsc::UnboundedSender<Reason>,
) -> Option<()> {
    let (head, body) = asked.await.into_parts();
    match head.extensions.get::<StreamFault>() {
        Some(StreamFault::Refused) => respond.send_reset(Reason::REFUSED_STREAM),
        Some(StreamFault::GoAway(reason)) => {
            goodbye.send(Reason::from(*reason)).ok()?;
            // Given up now, the stream would be reset by itself.
            std::future::pending::<()>().await;
        }
        None => {
            let mut frames = body.into_data_stream();
            let mut stream = respond.send_response(axum::http::Response::from_parts(head, ()), false).ok()?;
            while let Some(Ok(frame)) = frames.next().await {
                stream.send_data(frame, false).ok()?;
            }
            stream.send_data(Bytes::new(), true).ok()?;
        }
    }
    Some(())
}
