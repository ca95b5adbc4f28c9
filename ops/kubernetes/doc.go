// Package kubernetes contains the manifests that run several nodes on Kubernetes, for kustomize, and
// tests of them. The tests need kustomize in bin/, where scripts/install-tools installs it. Without
// it they are skipped; in CI they fail.
package kubernetes
