//! Flows: the steps a person goes through, planned once and carried out one request at a time.
//!
//! Owns what a flow is (the flow, its bindings, the base of all stages), the planner and the executor, and the trait that
//! the kinds of stages fill in. It knows no single kind of stage and no page.

mod answer;
mod api;
mod binding;
pub mod challenge;
pub mod context;
mod executor;
mod flow;
mod kind;
mod links;
pub mod next;
mod pages;
mod plan;
mod planner;
mod rules;
pub mod sessions;
mod shown;
mod stage;
mod visit;

#[cfg(test)]
mod tests;

use feature::{Feature, Kind};

pub use answer::{Answer, Errors, FORM_TOKEN, flag_of, text_of};
pub use binding::{FlowStageBinding, InvalidResponseAction};
pub use challenge::Challenge;
pub use context::{Context, PendingUser};
pub use executor::{Mode, Shown, Step, step};
pub use flow::{Authentication, DeniedAction, Designation, Flow, Layout};
pub use kind::{BeforeLogout, Next, StageKind, StageRegistry, before_logout, stage_registry};
pub use links::create as create_link;
pub use plan::{Plan, Stop, What};
pub use planner::{
    BrandBackground, BrandFlows, INITIAL_SETUP, NotPlanned, bindings, brand_flow, by_slug, default_flow, plan,
};
pub use rules::Shared;
pub use stage::Stage;
pub use visit::{Circumstances, RequestLine, Visit};

pub const FEATURE: Feature = Feature::new("flow")
    .kinds(&[
        Kind::of::<Flow>().display(shown::flow_name).computed(shown::FLOW).operations(api::INSTANCES),
        Kind::of::<Stage>().display(shown::stage_name).computed(shown::STAGE),
        Kind::of::<FlowStageBinding>().display(shown::binding_name).computed(shown::BINDING).link("target", "stage"),
    ])
    .operations(api::OPERATIONS)
    .components(api::COMPONENTS)
    .routes(pages::routes)
    .setup(setup);

fn setup(app: &feature::App) {
    // Made now, so that features only ever add to it.
    let _ = stage_registry(app);
    app.provide(directory::Recovery(Box::new(links::Recovery)));
}

/// Begins a plan that a feature made: keeps it for this browser and says where the browser goes.
pub fn begin(at: &Circumstances, flow: &Flow, plan: &Plan) -> String {
    sessions::keep(at, flow, plan);
    let query = at.query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    next::with_query(&format!("/if/flow/{}/", flow.slug), query)
}
