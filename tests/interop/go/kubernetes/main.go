// Kubernetes asks the very code that a kube-apiserver runs whether it accepts a token, with the flags of the cluster:
// --oidc-issuer-url, --oidc-client-id, --oidc-username-claim, --oidc-groups-claim, --oidc-ca-file.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	ca, err := os.ReadFile(os.Getenv("CA_FILE"))
	if err != nil {
		return err
	}
	content, err := dynamiccertificates.NewStaticCAContent("oidc-ca", ca)
	if err != nil {
		return err
	}
	none := ""
	authenticator, err := oidc.New(ctx, oidc.Options{
		JWTAuthenticator: apiserver.JWTAuthenticator{
			Issuer: apiserver.Issuer{URL: os.Getenv("ISSUER"), Audiences: []string{os.Getenv("CLIENT_ID")}},
			ClaimMappings: apiserver.ClaimMappings{
				Username: apiserver.PrefixedClaimOrExpression{Claim: "preferred_username", Prefix: &none},
				Groups:   apiserver.PrefixedClaimOrExpression{Claim: "groups", Prefix: &none},
			},
		},
		CAContentProvider:    content,
		SupportedSigningAlgs: []string{"RS256", "ES256"},
	})
	if err != nil {
		return fmt.Errorf("authenticator: %w", err)
	}
	// The authenticator fetches discovery and keys in the background.
	for authenticator.HealthCheck() != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("discovery never succeeded: %w", authenticator.HealthCheck())
		case <-time.After(100 * time.Millisecond):
		}
	}
	response, ok, err := authenticator.AuthenticateToken(ctx, os.Getenv("TOKEN"))
	if err != nil || !ok {
		return fmt.Errorf("token refused (understood: %t): %w", ok, err)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"username": response.User.GetName(),
		"groups":   response.User.GetGroups(),
	})
}
