//! Operations of the API: the executor, the inspector, and what is done with flows.

mod components;
mod diagram;
mod executor;
mod inspector;
mod instances;

use feature::{Method, Operation, Permission};

pub use components::COMPONENTS;

const QUERY: &[(&str, &str)] = &[("query", r#"{"type": "string"}"#)];
const CHALLENGE: &str = r##"{"$ref": "#/components/schemas/ChallengeTypes"}"##;

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "flows_executor_get",
        method: Method::Get,
        path: "flows/executor/{flow_slug}/",
        permission: Permission::Anonymous,
        summary: "Show the challenge of the stage that a flow is at.",
        request: "",
        response: CHALLENGE,
        status: 200,
        parameters: QUERY,
        run: executor::get,
    },
    Operation {
        id: "flows_executor_solve",
        method: Method::Post,
        path: "flows/executor/{flow_slug}/",
        permission: Permission::Anonymous,
        summary: "Answer the challenge of the stage that a flow is at.",
        request: r##"{"$ref": "#/components/schemas/FlowChallengeResponseRequest"}"##,
        response: CHALLENGE,
        status: 200,
        parameters: QUERY,
        run: executor::solve,
    },
    Operation {
        id: "flows_inspector_get",
        method: Method::Get,
        path: "flows/inspector/{flow_slug}/",
        // Whoever may not inspect is told that there is nothing, as the operation itself sees to.
        permission: Permission::Anonymous,
        summary: "Look into the plan of a flow that is under way in this session.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/FlowInspection"}"##,
        status: 200,
        parameters: &[],
        run: inspector::get,
    },
    Operation {
        id: "flows_instances_cache_info_retrieve",
        method: Method::Get,
        path: "flows/instances/cache_info/",
        permission: Permission::Global("authentik_flows.view_flow_cache"),
        summary: "How many plans are kept ready.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/Cache"}"##,
        status: 200,
        parameters: &[],
        run: instances::cache_info,
    },
    Operation {
        id: "flows_instances_cache_clear_create",
        method: Method::Post,
        path: "flows/instances/cache_clear/",
        permission: Permission::Global("authentik_flows.clear_flow_cache"),
        summary: "Forget plans that are kept ready.",
        request: "",
        response: "",
        status: 204,
        parameters: &[],
        run: instances::cache_clear,
    },
    Operation {
        id: "stages_all_user_settings_list",
        method: Method::Get,
        path: "stages/all/user_settings/",
        permission: Permission::Authenticated,
        summary: "The stages that people can set up for themselves.",
        request: "",
        response: r##"{"type": "array", "items": {"$ref": "#/components/schemas/UserSetting"}}"##,
        status: 200,
        parameters: &[],
        run: instances::user_settings,
    },
];

pub const INSTANCES: &[Operation] = &[
    Operation {
        id: "flows_instances_diagram_retrieve",
        method: Method::Get,
        path: "flows/instances/{slug}/diagram/",
        permission: Permission::Target("authentik_flows.view_flow"),
        summary: "The flow as a Mermaid diagram.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/FlowDiagram"}"##,
        status: 200,
        parameters: &[],
        run: diagram::get,
    },
    Operation {
        id: "flows_instances_execute_retrieve",
        method: Method::Get,
        path: "flows/instances/{slug}/execute/",
        permission: Permission::Target("authentik_flows.view_flow"),
        summary: "The address at which the flow can be tried out.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/Link"}"##,
        status: 200,
        parameters: &[],
        run: instances::execute,
    },
];
