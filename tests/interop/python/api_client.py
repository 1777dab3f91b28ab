"""The published API client of authentik 2025.12.4 drives our API: a change in any shape it checks makes it fail."""

import json
import os
import uuid

import authentik_client as ak

configuration = ak.Configuration(host=os.environ["BASE"] + "/api/v3", access_token=os.environ["TOKEN"])
mark = uuid.uuid4().hex[:6]

with ak.ApiClient(configuration) as client:
    core, flows, policies = ak.CoreApi(client), ak.FlowsApi(client), ak.PoliciesApi(client)
    providers, mappings, crypto = ak.ProvidersApi(client), ak.PropertymappingsApi(client), ak.CryptoApi(client)
    stages, rbac, events = ak.StagesApi(client), ak.RbacApi(client), ak.EventsApi(client)

    me = core.core_users_me_retrieve()
    assert me.user.username == "akadmin" and me.user.is_superuser, me

    group = core.core_groups_create(ak.GroupRequest(name=f"interop-{mark}"))
    user = core.core_users_create(ak.UserRequest(username=f"interop-{mark}", name="Inter Op", groups=[group.pk]))
    assert core.core_users_retrieve(user.pk).groups_obj[0].name == group.name
    page = core.core_users_list(search=user.username)
    assert [u.pk for u in page.results] == [user.pk], page
    core.core_users_partial_update(user.pk, patched_user_request=ak.PatchedUserRequest(email="inter@example.com"))
    core.core_users_set_password_create(user.pk, ak.UserPasswordSetRequest(password="correct horse battery"))
    assert core.core_users_retrieve(user.pk).email == "inter@example.com"

    flow = flows.flows_instances_create(
        ak.FlowRequest(name=f"Flow {mark}", slug=f"interop-{mark}", title="T", designation=ak.FlowDesignationEnum.AUTHENTICATION)
    )
    stage = stages.stages_dummy_create(ak.DummyStageRequest(name=f"dummy-{mark}"))
    binding = flows.flows_bindings_create(ak.FlowStageBindingRequest(target=flow.pk, stage=stage.pk, order=10))
    assert flows.flows_bindings_retrieve(binding.pk).stage_obj.name == stage.name
    policy = policies.policies_expression_create(ak.ExpressionPolicyRequest(name=f"yes-{mark}", expression="return True"))
    # The client cannot read a binding of its own server either: it takes group_obj and user_obj for never null.
    wanted = ak.PolicyBindingRequest(target=binding.pk, policy=policy.pk, order=0)
    bound = json.loads(policies.policies_bindings_create_without_preload_content(wanted).data)
    assert bound["policy_obj"]["name"] == policy.name and bound["group_obj"] is None, bound

    named = lambda slug: flows.flows_instances_retrieve(slug).pk
    key = crypto.crypto_certificatekeypairs_list(name="authentik Self-signed Certificate").results[0]
    scopes = mappings.propertymappings_provider_scope_list(page_size=100).results
    provider = providers.providers_oauth2_create(
        ak.OAuth2ProviderRequest(
            name=f"interop-{mark}",
            authorization_flow=named("default-provider-authorization-implicit-consent"),
            invalidation_flow=named("default-provider-invalidation-flow"),
            redirect_uris=[ak.RedirectURIRequest(matching_mode=ak.MatchingModeEnum.STRICT, url="https://app.example/cb")],
            signing_key=key.pk,
            property_mappings=[s.pk for s in scopes if s.scope_name in ("openid", "email", "profile")],
        )
    )
    app = core.core_applications_create(ak.ApplicationRequest(name=f"App {mark}", slug=f"interop-{mark}", provider=provider.pk))
    assert app.provider_obj.name == provider.name
    urls = providers.providers_oauth2_setup_urls_retrieve(provider.pk)
    assert urls.issuer.endswith(f"/application/o/interop-{mark}/"), urls
    assert core.core_applications_check_access_retrieve(app.slug).passing

    token = core.core_tokens_create(ak.TokenRequest(identifier=f"interop-{mark}", intent=ak.IntentEnum.API, user=user.pk))
    assert len(core.core_tokens_view_key_retrieve(token.identifier).key) >= 32
    role = rbac.rbac_roles_create(ak.RoleRequest(name=f"role-{mark}"))
    assert events.events_events_list(page_size=5).pagination.count > 0

    core.core_applications_destroy(app.slug)
    providers.providers_oauth2_destroy(provider.pk)
    policies.policies_bindings_destroy(bound["pk"])
    policies.policies_expression_destroy(policy.pk)
    flows.flows_instances_destroy(flow.slug)
    stages.stages_dummy_destroy(stage.pk)
    rbac.rbac_roles_destroy(role.pk)
    core.core_tokens_destroy(token.identifier)
    core.core_users_destroy(user.pk)
    core.core_groups_destroy(group.pk)
    try:
        core.core_groups_retrieve(group.pk)
        raise SystemExit("a deleted group can still be read")
    except ak.ApiException as error:
        assert error.status == 404, error
print("the published client was content")
