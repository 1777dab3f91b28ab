// Codeflow is the relying party that Grafana and Argo CD are: golang.org/x/oauth2 with go-oidc. It prints where a browser
// has to go, waits for it to come back, and prints what it learned.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "codeflow:", err)
		os.Exit(1)
	}
}

func random() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return hex.EncodeToString(b)
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	listener, err := net.Listen("tcp", os.Getenv("CALLBACK_LISTEN"))
	if err != nil {
		return err
	}
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  "http://" + listener.Addr().String() + "/callback",
		Scopes:       strings.Fields(os.Getenv("SCOPES")),
	}
	state, nonce, verifier := random(), random(), oauth2.GenerateVerifier()
	codes := make(chan string, 1)
	failures := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case query.Get("state") != state:
			failures <- fmt.Errorf("state %q came back, %q was sent", query.Get("state"), state)
		case query.Get("error") != "":
			failures <- fmt.Errorf("%s: %s", query.Get("error"), query.Get("error_description"))
		default:
			codes <- query.Get("code")
		}
		fmt.Fprintln(w, "done")
	})
	go func() { _ = http.Serve(listener, handler) }()
	fmt.Println(config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))

	var code string
	select {
	case code = <-codes:
	case err := <-failures:
		return err
	case <-ctx.Done():
		return fmt.Errorf("nobody came back: %w", ctx.Err())
	}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return fmt.Errorf("no id_token in the answer")
	}
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return fmt.Errorf("id_token: %w", err)
	}
	if idToken.Nonce != nonce {
		return fmt.Errorf("nonce %q came back, %q was sent", idToken.Nonce, nonce)
	}
	if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
		return fmt.Errorf("at_hash: %w", err)
	}
	claims := map[string]any{}
	if err := idToken.Claims(&claims); err != nil {
		return err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	userinfo := map[string]any{}
	if err := info.Claims(&userinfo); err != nil {
		return err
	}
	result := map[string]any{"claims": claims, "userinfo": userinfo, "refreshed": false}
	if token.RefreshToken != "" {
		old := *token
		old.Expiry = time.Now().Add(-time.Hour)
		fresh, err := config.TokenSource(ctx, &old).Token()
		if err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		result["refreshed"] = fresh.AccessToken != token.AccessToken
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
