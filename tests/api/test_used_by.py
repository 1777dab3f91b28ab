"""What refers to an object, as clients show it before they delete one."""


def test_a_provider_names_its_outposts_and_mappings_and_not_its_application(api):
    flow = {"authorization_flow": api.flow("default-provider-authorization-implicit-consent"), "invalidation_flow": api.flow("default-provider-invalidation-flow")}
    provider = api.post("/providers/proxy/", {"name": "used", "mode": "forward_single", "external_host": "https://used.example.com", **flow})
    api.post("/core/applications/", {"name": "used", "slug": "used", "provider": provider["pk"]})
    outpost = api.post("/outposts/instances/", {"name": "its outpost", "type": "proxy", "providers": [provider["pk"]], "config": {}})
    used = api.get(f"/providers/proxy/{provider['pk']}/used_by/")
    assert used[0] == {"app": "authentik_outposts", "model_name": "outpost", "pk": outpost["pk"], "name": "Outpost its outpost", "action": "cascade_many"}
    assert len(used) == 6 and {(u["model_name"], u["action"]) for u in used[1:]} == {("propertymapping", "cascade_many")}, used


def test_a_flow_shows_its_background_for_each_theme(api):
    flow = {"name": "themed", "slug": "themed", "title": "x", "designation": "authentication", "background": "themed-%(theme)s.svg"}
    made = api.post("/flows/instances/", flow)
    urls = made["background_themed_urls"]
    assert urls["light"].endswith("/themed-light.svg") and urls["dark"].endswith("/themed-dark.svg"), urls
    assert api.flow("themed") and api.get("/flows/instances/default-authentication-flow/")["background_themed_urls"] is None
