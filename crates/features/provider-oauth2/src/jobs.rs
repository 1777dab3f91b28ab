//! What is removed once its time is over.

use feature::{App, BoxFuture, Job, Problem};
use object::{Model, Object};
use store::{Filter, Op};

use crate::tokens::{AccessToken, AuthorizationCode, DeviceToken, RefreshToken};

pub const EXPIRE: Job = Job { name: "oauth2_expire", every: 300, run: expire };

fn expire(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let models: [&'static Model; 4] =
            [AuthorizationCode::model(), AccessToken::model(), RefreshToken::model(), DeviceToken::model()];
        for model in models {
            let past = Filter::compare("expires", Op::Lt, app.clock().now()).and(Filter::eq("expiring", true));
            app.store().delete_where(model, past).await?;
        }
        Ok(())
    })
}
