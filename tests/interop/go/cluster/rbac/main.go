// Rbac is a kube-apiserver without its storage: the authenticator for OpenID Connect tokens and the RBAC authorizer that the
// real one runs, with the cluster roles that every cluster starts with. It reads a JSON object from standard input (bindings of
// groups to cluster roles, tokens, questions) and answers on standard output.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

type question struct {
	Verb      string `json:"verb"`
	Group     string `json:"group"`
	Resource  string `json:"resource"`
	Namespace string `json:"namespace"`
}

type input struct {
	Issuer    string            `json:"issuer"`
	ClientID  string            `json:"client_id"`
	CAFile    string            `json:"ca_file"`
	Bindings  map[string]string `json:"bindings"`
	Tokens    map[string]string `json:"tokens"`
	Questions []question        `json:"questions"`
}

type answer struct {
	Error    string   `json:"error,omitempty"`
	Username string   `json:"username,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	Allowed  []bool   `json:"allowed,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "rbac:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	authenticate, err := authenticator(ctx, in)
	if err != nil {
		return err
	}
	authorize := rbacOf(in.Bindings)
	answers := map[string]answer{}
	for name, token := range in.Tokens {
		response, ok, err := authenticate.AuthenticateToken(ctx, token)
		if err != nil || !ok {
			answers[name] = answer{Error: fmt.Sprintf("refused (understood: %t): %v", ok, err)}
			continue
		}
		one := answer{Username: response.User.GetName(), Groups: response.User.GetGroups()}
		for _, q := range in.Questions {
			one.Allowed = append(one.Allowed, allows(ctx, authorize, response.User, q))
		}
		answers[name] = one
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func authenticator(ctx context.Context, in input) (oidcAuthenticator, error) {
	ca, err := os.ReadFile(in.CAFile)
	if err != nil {
		return nil, err
	}
	content, err := dynamiccertificates.NewStaticCAContent("oidc-ca", ca)
	if err != nil {
		return nil, err
	}
	none := ""
	found, err := oidc.New(ctx, oidc.Options{
		JWTAuthenticator: apiserver.JWTAuthenticator{
			Issuer: apiserver.Issuer{URL: in.Issuer, Audiences: []string{in.ClientID}},
			ClaimMappings: apiserver.ClaimMappings{
				Username: apiserver.PrefixedClaimOrExpression{Claim: "preferred_username", Prefix: &none},
				Groups:   apiserver.PrefixedClaimOrExpression{Claim: "groups", Prefix: &none},
			},
		},
		CAContentProvider:    content,
		SupportedSigningAlgs: []string{"RS256", "ES256"},
	})
	if err != nil {
		return nil, err
	}
	// Discovery and keys are fetched in the background.
	for found.HealthCheck() != nil {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("discovery never succeeded: %w", found.HealthCheck())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return found, nil
}

type oidcAuthenticator = oidc.AuthenticatorTokenWithHealthCheck

// rbacOf binds groups to the roles that every cluster has. What a controller does in a cluster is done here once: roles that
// are made of others get the rules of those.
func rbacOf(bindings map[string]string) authorizer.Authorizer {
	roles := bootstrappolicy.ClusterRoles()
	for i := range roles {
		aggregate(roles, i, map[string]bool{})
	}
	var all []*rbacv1.ClusterRole
	for i := range roles {
		all = append(all, &roles[i])
	}
	var bound []*rbacv1.ClusterRoleBinding
	for group, role := range maps.All(bindings) {
		bound = append(bound, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: group},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: group}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		})
	}
	_, static := validation.NewTestRuleResolver(nil, nil, all, bound)
	return rbac.New(static, static, static, static)
}

func aggregate(roles []rbacv1.ClusterRole, at int, seen map[string]bool) {
	role := &roles[at]
	if role.AggregationRule == nil || seen[role.Name] {
		return
	}
	seen[role.Name] = true
	for _, selector := range role.AggregationRule.ClusterRoleSelectors {
		matches, err := metav1.LabelSelectorAsSelector(&selector)
		if err != nil {
			continue
		}
		for i := range roles {
			if i != at && matches.Matches(labelsOf(roles[i].Labels)) {
				aggregate(roles, i, seen)
				role.Rules = append(role.Rules, roles[i].Rules...)
			}
		}
	}
}

type labelsOf map[string]string

func (l labelsOf) Has(name string) bool              { _, ok := l[name]; return ok }
func (l labelsOf) Get(name string) string            { return l[name] }
func (l labelsOf) Lookup(name string) (string, bool) { value, ok := l[name]; return value, ok }

func allows(ctx context.Context, authorize authorizer.Authorizer, who user.Info, q question) bool {
	decision, _, err := authorize.Authorize(ctx, authorizer.AttributesRecord{
		User: who, Verb: q.Verb, APIGroup: q.Group, Resource: q.Resource, Namespace: q.Namespace, ResourceRequest: true,
	})
	return err == nil && decision == authorizer.DecisionAllow
}
