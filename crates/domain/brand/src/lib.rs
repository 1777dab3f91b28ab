//! Brands: how the pages look and which flows run under a host name. With them, what the program tells about itself.

mod brand;
mod components;
mod current;
mod files;
mod notice;
mod resolve;
mod system;
mod tenant;
mod version;

#[cfg(test)]
mod tests;

use feature::{App, BoxFuture, Change, Feature, Job, Kind, Problem};
use flow::{Designation, Flow};
use net::Origin;
use object::{Id, Object, Record};
use store::Filter;

pub use brand::Brand;
pub use current::current_json;
pub use files::picture;
pub use notice::Notice;
pub use resolve::of_host;
pub use system::{API_VERSION, EmbeddedOutpost, app_name};
pub use tenant::{Tenant, tenant};

pub const FEATURE: Feature = Feature::new("brand")
    .kinds(&[
        Kind::of::<Brand>().check(check).display(display).operations(&[current::CURRENT]),
        Kind::of::<Tenant>().check(tenant::check),
        Kind::of::<version::VersionHistory>(),
    ])
    .operations(&[
        current::CONFIG,
        system::VERSION,
        system::APPS,
        system::MODELS,
        system::SYSTEM,
        system::SYSTEM_POST,
        tenant::READ,
        tenant::PUT,
        tenant::PATCH,
        version::LIST,
        version::RETRIEVE,
        files::LIST,
        files::UPLOAD,
        files::DELETE,
        files::USED_BY,
    ])
    .components(components::COMPONENTS)
    .routes(files::routes)
    .jobs(&[Job { name: "version_note", every: 24 * 3600, run: version::note }])
    .setup(setup);

fn setup(app: &App) {
    app.provide(events::BrandOf(resolve::reference));
    app.provide(flow::BrandFlows(flow_of));
    app.provide(flow::BrandBackground(|app, origin| {
        of_host(&app.store().snapshot(), &origin.host).branding_default_flow_background.clone()
    }));
}

/// The flow that the brand of a host names for a designation.
fn flow_of(app: &App, origin: &Origin, designation: Designation) -> Option<Id<Flow>> {
    let brand = of_host(&app.store().snapshot(), &origin.host);
    let flow = match designation {
        Designation::Authentication => brand.flow_authentication,
        Designation::Invalidation => brand.flow_invalidation,
        Designation::Recovery => brand.flow_recovery,
        Designation::Unenrollment => brand.flow_unenrollment,
        Designation::StageConfiguration => brand.flow_user_settings,
        _ => None,
    };
    flow.map(Id)
}

fn display(record: &Record) -> String {
    resolve::display(record.get("default").as_bool() == Some(true), record.text("domain"))
}

fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        if change.record.get("default").as_bool() != Some(true) || !change.differs("default") {
            return Ok(());
        }
        let mut others = Filter::eq("default", true);
        if let Some(key) = change.before.and_then(Record::key) {
            others = others.and(Filter::eq("brand_uuid", key).negate());
        }
        if change.store.exists(Brand::model(), others).await? {
            return Err(Problem::field("default", "Only a single brand can be set as default."));
        }
        Ok(())
    })
}
