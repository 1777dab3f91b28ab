//! Upgraded connections: WebSocket and whatever else both ends agree upon.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use net::KeepOpen;
use tokio::io::copy_bidirectional;

use crate::answer::Until;

/// Passes bytes between the client and the upstream until one of them or the permission ends.
pub(crate) fn spawn(client: OnUpgrade, upstream: OnUpgrade, keep_open: Option<KeepOpen>, until: Option<Until>) {
    tokio::spawn(async move {
        // Over HTTP/2 the tunnel is one stream of a connection that would otherwise look idle.
        let _keep_open = keep_open;
        let tunnel = async {
            let (client, upstream) = tokio::try_join!(client, upstream)?;
            let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
            copy_bidirectional(&mut client, &mut upstream).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        };
        let ended = async {
            match until {
                Some(until) => until.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = tunnel => {
                if let Err(error) = result {
                    tracing::debug!("A tunnel ended: {error}");
                }
            }
            () = ended => tracing::debug!("A tunnel was closed because its session has ended"),
        }
    });
}
