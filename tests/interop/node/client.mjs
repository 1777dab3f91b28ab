// The relying party that a Node application is: openid-client with PKCE. Prints where a browser has to go, then what it
// learned.
import * as client from "openid-client";
import { createServer } from "node:http";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPES, CALLBACK_LISTEN } = process.env;
const insecure = { execute: [client.allowInsecureRequests] };
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, insecure);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const redirect_uri = `http://${CALLBACK_LISTEN}/callback`;
const [host, port] = CALLBACK_LISTEN.split(":");

const arrived = new Promise((resolve) => {
  createServer((request, response) => {
    response.end("done");
    resolve(new URL(request.url, `http://${CALLBACK_LISTEN}`));
  }).listen(Number(port), host);
});
const address = client.buildAuthorizationUrl(config, {
  redirect_uri,
  scope: SCOPES,
  state,
  nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
console.log(address.href);

const tokens = await client.authorizationCodeGrant(config, await arrived, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const introspected = await client.tokenIntrospection(config, tokens.access_token);
let refreshed = false;
if (tokens.refresh_token) {
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  refreshed = fresh.access_token !== tokens.access_token;
}
await client.tokenRevocation(config, tokens.access_token);
const after = await client.tokenIntrospection(config, tokens.access_token);
console.log(JSON.stringify({ claims, userinfo, refreshed, active: introspected.active, active_after_revocation: after.active }));
process.exit(0);
