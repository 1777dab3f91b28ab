-- Asks Keywright whether a request may pass. Save as /etc/haproxy/keywright.lua
-- Usage in a frontend: http-request lua.keywright <Keywright's address> <the application's address>

-- What of the client's request goes along. Everything else in the question is written here.
local passed_on = { "cookie", "authorization", "user-agent", "accept", "accept-language" }

local function ask(txn, keywright, application)
    local scheme, host = application:match("^(https?)://(.+)$")
    local sent = txn.http:req_get_headers()
    local question = {
        ["host"] = { host },
        -- SECURITY: what is asked for is what HAProxy itself received.
        ["x-forwarded-host"] = { host },
        ["x-forwarded-proto"] = { scheme },
        ["x-forwarded-uri"] = { txn.f:pathq() },
        ["x-forwarded-method"] = { txn.f:method() },
        ["x-forwarded-for"] = { txn.f:src() },
    }
    for _, name in ipairs(passed_on) do
        local values = sent[name]
        if values then
            question[name] = {}
            for at = 0, #values do
                table.insert(question[name], values[at])
            end
        end
    end
    return core.httpclient():get({
        url = keywright .. "/outpost.goauthentik.io/auth/traefik",
        headers = question,
        timeout = 5000,
    })
end

-- The values of a header as a list that counts from 1, as HAProxy gives them from either.
local function each(values)
    local list = {}
    for at = 0, #values do
        if values[at] then table.insert(list, values[at]) end
    end
    return list
end

local function keywright(txn, address, application)
    local answer = ask(txn, address, application)
    if answer.status and answer.status >= 200 and answer.status <= 299 then
        for name, values in pairs(answer.headers) do
%!basic|            if name:lower():match("^x%-authentik%-") then
%basic|            -- The password for the application comes in `authorization`.
%basic|            if name:lower():match("^x%-authentik%-") or name:lower() == "authorization" then
                txn.http:req_set_header(name, each(values)[1] or "")
            end
        end
        txn:set_var("txn.keywright", "allowed")
        return
    end
    -- No answer is no permission.
    local status = answer.status
    if not status or status < 300 or status > 499 then status = 503 end
    local reply = txn:reply({ status = status, body = answer.body or "" })
    for _, name in ipairs({ "location", "set-cookie", "content-type", "content-security-policy", "www-authenticate" }) do
        for _, value in ipairs(each((answer.headers or {})[name] or {})) do
            reply:add_header(name, value)
        end
    end
    txn:done(reply)
end

core.register_action("keywright", { "http-req" }, keywright, 2)
