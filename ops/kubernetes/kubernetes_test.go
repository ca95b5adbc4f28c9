package kubernetes_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"parley/internal/config"
)

// object is a Kubernetes object, as far as the test reads it.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string // of a ConfigMap
	Spec     struct {
		Selector    map[string]any
		PodSelector map[string]any `yaml:"podSelector"`
		Ports       []struct {
			TargetPort string `yaml:"targetPort"`
		}
		Ingress []struct {
			Ports []struct{ Port string }
		}
		Template struct {
			Metadata struct{ Labels map[string]any }
			Spec     pod
		}
	}
}

type pod struct {
	EnableServiceLinks *bool `yaml:"enableServiceLinks"` // true by default
	Grace              int   `yaml:"terminationGracePeriodSeconds"`
	Containers         []container
}

type container struct {
	Env     []struct{ Name, Value string }
	EnvFrom []struct {
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
		SecretRef    struct{ Name string } `yaml:"secretRef"`
	} `yaml:"envFrom"`
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe   probe `yaml:"startupProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// build returns the objects that kustomize makes of the manifests, by kind.
func build(t *testing.T) map[string]object {
	t.Helper()
	const kustomize = "../../bin/kustomize"
	if _, err := os.Stat(kustomize); err != nil && os.Getenv("CI") != "true" {
		t.Skip("no kustomize: run scripts/install-tools")
	}
	out, err := exec.CommandContext(t.Context(), kustomize, "build", ".").Output()
	if err != nil {
		t.Fatalf("kustomize build: %v", err)
	}
	objects := map[string]object{}
	for decoder := yaml.NewDecoder(bytes.NewReader(out)); ; {
		var o object
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		objects[o.Kind] = o
	}
}

// TestManifests: the objects refer to each other, and a node can start with its settings.
func TestManifests(t *testing.T) {
	t.Parallel()
	objects := build(t)
	template := objects["Deployment"].Spec.Template
	labels := template.Metadata.Labels
	for kind, selector := range map[string]map[string]any{
		"Service":             objects["Service"].Spec.Selector,
		"PodDisruptionBudget": objects["PodDisruptionBudget"].Spec.Selector,
		"Deployment":          objects["Deployment"].Spec.Selector,
		"NetworkPolicy":       objects["NetworkPolicy"].Spec.PodSelector,
	} {
		if kind != "Service" { // whose selector has labels only
			selector, _ = selector["matchLabels"].(map[string]any)
		}
		if diff := cmp.Diff(labels, selector); len(labels) == 0 || diff != "" {
			t.Errorf("%s does not select the pods:\n%s", kind, diff)
		}
	}
	if len(template.Spec.Containers) != 1 {
		t.Fatalf("%d containers", len(template.Spec.Containers))
	}
	c := template.Spec.Containers[0]

	var references []string
	for _, from := range c.EnvFrom {
		references = append(references, from.ConfigMapRef.Name+from.SecretRef.Name)
	}
	want := []string{objects["ConfigMap"].Metadata.Name, "parley"}
	if diff := cmp.Diff(want, references); diff != "" {
		t.Errorf("the sources of variables:\n%s", diff)
	}
	environ := []string{ // the secret
		"DATABASE_URL=postgres://parley:password@postgres/parley",
		"PARLEY_JWT_SECRET=" + strings.Repeat("7d1f0c6b", 8),
	}
	for name, value := range objects["ConfigMap"].Data {
		environ = append(environ, name+"="+value)
	}
	for _, v := range c.Env {
		environ = append(environ, v.Name+"="+v.Value)
	}
	cfg, err := config.Parse(nil, environ, "", io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if links := template.Spec.EnableServiceLinks; links == nil || *links {
		t.Error("Kubernetes sets PARLEY_ variables")
	}
	grace := time.Duration(template.Spec.Grace-c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	if grace < cfg.ShutdownTimeout+20*time.Second {
		t.Errorf("a node has only %v to stop", grace)
	}

	var ports []string
	for _, p := range c.Ports {
		ports = append(ports, p.Name)
		addr := map[string]string{"http": cfg.Addr, "admin": cfg.AdminAddr}[p.Name]
		if !strings.HasSuffix(addr, fmt.Sprintf(":%d", p.ContainerPort)) {
			t.Errorf("the port %s is %d, and the node listens on %q", p.Name, p.ContainerPort, addr)
		}
	}
	used := []string{
		c.StartupProbe.HTTPGet.Port, c.LivenessProbe.HTTPGet.Port,
		c.ReadinessProbe.HTTPGet.Port,
	}
	for _, p := range objects["Service"].Spec.Ports {
		used = append(used, p.TargetPort)
	}
	for _, rule := range objects["NetworkPolicy"].Spec.Ingress {
		for _, p := range rule.Ports {
			used = append(used, p.Port)
		}
	}
	for _, p := range used {
		if !slices.Contains(ports, p) {
			t.Errorf("the container has no port %q", p)
		}
	}
	paths := []string{
		c.StartupProbe.HTTPGet.Path, c.LivenessProbe.HTTPGet.Path,
		c.ReadinessProbe.HTTPGet.Path,
	}
	if diff := cmp.Diff([]string{"/healthz", "/healthz", "/readyz"}, paths); diff != "" {
		t.Errorf("the probes:\n%s", diff)
	}
}
