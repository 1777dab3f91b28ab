// Package ext stands in for the nested module of this name, which Traefik's published module asks for but does not hold.
package ext

// HTTP adds nothing to the dynamic configuration.
type HTTP struct{}

// Router adds nothing to a router's configuration.
type Router struct{}

// DeepCopyInto copies nothing, for there is nothing.
func (in *HTTP) DeepCopyInto(*HTTP) {}

// DeepCopyInto copies nothing, for there is nothing.
func (in *Router) DeepCopyInto(*Router) {}
