// Reads manifests from standard input and complains of whatever a Kubernetes API server would refuse or ignore: unknown
// or misspelt fields, fields of a wrong type, selectors that select nothing of their own, and pods that do not meet the
// restricted Pod Security Standard.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Kinds of the Prometheus operator and the Gateway API, whose types are not Kubernetes' own.
var foreign = []string{"monitoring.coreos.com/", "gateway.networking.k8s.io/"}

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	must(err)
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	documents := utilyaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	found, pods, objects := []string{}, 0, 0
	names := map[string]bool{}
	services, running := []*corev1.Service{}, []labels.Set{}
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		must(err)
		var kind metav1.TypeMeta
		must(utilyaml.Unmarshal(document, &kind))
		if kind.Kind == "" || isForeign(kind.APIVersion) {
			continue
		}
		objects++
		object, _, err := strict.Decode(document, nil, nil)
		if err != nil {
			found = append(found, fmt.Sprintf("%s: %v", kind.Kind, err))
			continue
		}
		meta := object.(metav1.Object)
		name := fmt.Sprintf("%s %s/%s", kind.Kind, meta.GetNamespace(), meta.GetName())
		if names[name] {
			found = append(found, name+": twice")
		}
		names[name] = true
		if service, ok := object.(*corev1.Service); ok {
			services = append(services, service)
		}
		template, selector := podOf(object)
		if template == nil {
			continue
		}
		pods++
		running = append(running, template.Labels)
		if selector != nil {
			selects, err := metav1.LabelSelectorAsSelector(selector)
			must(err)
			if !selects.Matches(labels.Set(template.Labels)) {
				found = append(found, name+": its selector does not match its own pods")
			}
		}
		found = append(found, mounts(name, template.Spec)...)
		level := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
		for _, result := range evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec) {
			if !result.Allowed {
				found = append(found, fmt.Sprintf("%s: %s (%s)", name, result.ForbiddenReason, result.ForbiddenDetail))
			}
		}
	}
	for _, service := range services {
		selected := false
		for _, pod := range running {
			selected = selected || labels.SelectorFromSet(service.Spec.Selector).Matches(pod)
		}
		if !selected {
			found = append(found, "Service "+service.Name+": it selects none of these pods")
		}
	}
	if len(found) > 0 {
		fmt.Fprintln(os.Stderr, strings.Join(found, "\n"))
		os.Exit(1)
	}
	fmt.Printf("%d objects, %d with pods\n", objects, pods)
}

func podOf(object runtime.Object) (*corev1.PodTemplateSpec, *metav1.LabelSelector) {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template, o.Spec.Selector
	case *appsv1.StatefulSet:
		return &o.Spec.Template, o.Spec.Selector
	case *corev1.Pod:
		return &corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}, nil
	}
	return nil, nil
}

// mounts finds volume mounts without a volume and volumes or ports named twice, which the API server refuses.
func mounts(name string, pod corev1.PodSpec) (found []string) {
	volumes := map[string]bool{}
	for _, volume := range pod.Volumes {
		if volumes[volume.Name] {
			found = append(found, name+": volume "+volume.Name+" twice")
		}
		volumes[volume.Name] = true
	}
	for _, container := range pod.Containers {
		paths := map[string]bool{}
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] || paths[mount.MountPath] {
				found = append(found, name+": mount "+mount.Name+" has no volume, or its path is mounted twice")
			}
			paths[mount.MountPath] = true
		}
		ports := map[string]bool{}
		for _, port := range container.Ports {
			ports[port.Name] = true
		}
		for _, probe := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe, container.StartupProbe} {
			if probe != nil && probe.HTTPGet != nil && probe.HTTPGet.Port.StrVal != "" && !ports[probe.HTTPGet.Port.StrVal] {
				found = append(found, name+": a probe asks the port "+probe.HTTPGet.Port.StrVal+", which has no such name")
			}
		}
	}
	return found
}

func isForeign(version string) bool {
	for _, prefix := range foreign {
		if strings.HasPrefix(version, prefix) {
			return true
		}
	}
	return false
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
