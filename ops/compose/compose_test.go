package compose_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"parley/internal/config"
)

// secrets are the secrets that the operator creates.
var secrets = map[string]string{
	"PARLEY_JWT_SECRET": "7d1f0c6b2e9a4835" + strings.Repeat("a1", 24),
	"POSTGRES_PASSWORD": "12e4",
	"NATS_PASSWORD":     "12e4",
}

type composeFile struct {
	Services map[string]service
	Networks map[string]struct {
		Internal bool
		IPAM     struct {
			Config []struct{ Subnet netip.Prefix }
		} `yaml:"ipam"`
	}
	Volumes map[string]any
}

type service struct {
	Build       string
	Image       string
	DependsOn   any `yaml:"depends_on"`
	Entrypoint  []string
	Command     []string
	Environment map[string]*string
	Ports       []string
	Volumes     []string
	Networks    any
	ReadOnly    bool `yaml:"read_only"`
	Tmpfs       []string
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	HealthCheck any      `yaml:"healthcheck"`
	Grace       string   `yaml:"stop_grace_period"`
}

// joined are the networks of a service, with its address in each if it is fixed.
func (s service) joined() map[string]string {
	networks := map[string]string{}
	switch in := s.Networks.(type) {
	case []any:
		for _, name := range in {
			networks[fmt.Sprint(name)] = ""
		}
	case map[string]any:
		for name, with := range in {
			fixed, _ := with.(map[string]any)
			networks[name], _ = fixed["ipv4_address"].(string)
		}
	}
	return networks
}

// needs are the services that a service depends on.
func (s service) needs() []string {
	switch on := s.DependsOn.(type) {
	case map[string]any:
		return slices.Collect(maps.Keys(on))
	case []any:
		var names []string
		for _, name := range on {
			names = append(names, fmt.Sprint(name))
		}
		return names
	default:
		return nil
	}
}

// mounts are the files beside the compose file that a service mounts, by their paths there.
func (s service) mounts() map[string]string {
	mounts := map[string]string{}
	for _, volume := range s.Volumes {
		if parts := strings.Split(volume, ":"); len(parts) > 1 && strings.HasPrefix(parts[0], ".") {
			mounts[parts[1]] = parts[0]
		}
	}
	return mounts
}

var substituted = regexp.MustCompile(`\$\{([A-Z_]+)(:\?[^}]*)?\}`)

// readCompose reads the compose file and inserts the secrets.
func readCompose(t *testing.T) composeFile {
	t.Helper()
	raw := read(t, "compose.yaml")
	for _, use := range substituted.FindAllStringSubmatch(raw, -1) {
		if use[2] == "" {
			t.Errorf("it starts without %s", use[1])
		}
	}
	raw = substituted.ReplaceAllStringFunc(raw, func(use string) string {
		name := substituted.FindStringSubmatch(use)[1]
		if secrets[name] == "" {
			t.Errorf("the head of the file does not mention %s", name)
		}
		if !regexp.MustCompile(`(?m)^#.*\b` + name + `\b`).MatchString(raw) {
			t.Errorf("the head of the file does not show how to create %s", name)
		}
		return secrets[name]
	})
	var file composeFile
	if err := yaml.NewDecoder(strings.NewReader(raw)).Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// nodesOf returns the services that are nodes.
func (f composeFile) nodesOf() map[string]service {
	nodes := map[string]service{}
	for name, s := range f.Services {
		if s.Image == "parley" {
			nodes[name] = s
		}
	}
	return nodes
}

// settingsOf returns the settings of a node, read from its environment.
func settingsOf(t *testing.T, node service) config.Config {
	t.Helper()
	var help bytes.Buffer
	if _, err := config.Parse(
		[]string{"--help"},
		nil,
		"",
		&help,
		io.Discard,
	); err != config.ErrPrinted { //nolint:errorlint // never wrapped
		t.Fatal(err)
	}
	for name := range node.Environment {
		if name != "PGPASSWORD" && !regexp.MustCompile(`\b`+name+`\b`).Match(help.Bytes()) {
			t.Errorf("no node knows %s", name)
		}
	}
	var env []string
	for name, value := range node.Environment {
		if value != nil {
			env = append(env, name+"="+*value)
		}
	}
	cfg, err := config.Parse(
		[]string{"--addr=0.0.0.0:8080"},
		env,
		"",
		io.Discard,
		io.Discard,
	) // as in the image
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestComposeFile checks the compose file as Docker would, as far as possible without Docker.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	nodes := file.nodesOf()
	if len(nodes) < 2 {
		t.Fatalf("%d nodes", len(nodes))
	}
	for name, s := range file.Services {
		for _, other := range s.needs() {
			if _, ok := file.Services[other]; !ok {
				t.Errorf("%s depends on %s, which does not exist", name, other)
			}
		}
		for network, address := range s.joined() {
			in, ok := file.Networks[network]
			if !ok {
				t.Errorf("%s is in %s, which does not exist", name, network)
			}
			if address != "" &&
				(len(in.IPAM.Config) != 1 || !in.IPAM.Config[0].Subnet.Contains(netip.MustParseAddr(address))) {
				t.Errorf("%s has the address %s, which is not in %s", name, address, network)
			}
		}
		if len(s.joined()) == 0 {
			t.Errorf("%s is in Docker's default network", name)
		}
		for at, path := range s.mounts() {
			if info, err := os.Stat(path); err != nil || info.IsDir() {
				t.Errorf("%s has %s at %s: %v", name, path, at, err)
			}
		}
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, ok := file.Volumes[source]; !ok && !strings.HasPrefix(source, ".") {
				t.Errorf("%s has the volume %s, which does not exist", name, source)
			}
		}
		if len(s.Ports) > 0 && name != "proxy" {
			t.Errorf("%s publishes a port to other machines", name)
		}
		if s.Build == "" && s.Image == "" {
			t.Errorf("%s has neither an image nor a build", name)
		}
		if name != "postgres" &&
			(!s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"})) {
			t.Errorf("%s has more privileges than it needs", name)
		}
	}
	image := read(t, filepath.Join(nodes["parley-1"].Build, "Dockerfile"))
	for _, volume := range regexp.MustCompile(`(?m)^VOLUME (\S+)$`).FindAllStringSubmatch(image, -1) {
		for name, node := range nodes {
			if !slices.Contains(node.Tmpfs, volume[1]) {
				t.Errorf(
					"%s leaves a volume for %s after each docker compose down",
					name,
					volume[1],
				)
			}
		}
	}
	if file.Services["postgres"].HealthCheck == nil {
		t.Error("postgres has no health check, and nodes wait for one")
	}
	if !file.Networks["back"].Internal {
		t.Error("the database and NATS are not on an internal network")
	}
	if _, ok := file.Services["proxy"].joined()["back"]; ok {
		t.Error("the proxy reaches the database")
	}
	served := slices.Collect(maps.Values(mountsOf(file.Services["proxy"])))
	slices.Sort(served)
	if diff := cmp.Diff([]string{"listen.conf", "nginx.conf", "nodes.conf"}, served); diff != "" {
		t.Errorf("the proxy's files: -want +got\n%s", diff)
	}
	for _, path := range []string{file.Services["proxy"].Entrypoint[len(file.Services["proxy"].Entrypoint)-1], file.Services["nats"].Command[1]} {
		if file.Services["proxy"].mounts()[path] == "" &&
			file.Services["nats"].mounts()[path] == "" {
			t.Errorf("%s is read, but no service mounts it", path)
		}
	}
}

// mountsOf returns the names of the mounted files of a service, by path. Files that include each
// other stay in one folder.
func mountsOf(s service) map[string]string {
	names := map[string]string{}
	for at, path := range s.mounts() {
		names[at] = filepath.Base(path)
	}
	return names
}

// TestNodesAndProxyAgree checks that addresses, ports and sizes are the same in all files.
func TestNodesAndProxyAgree(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	proxy := netip.MustParseAddr(file.Services["proxy"].joined()["front"])
	var want, got []string
	for name, node := range file.nodesOf() {
		cfg := settingsOf(t, node)
		if trusted := cfg.Proxies(); len(trusted) != 1 ||
			trusted[0] != netip.PrefixFrom(proxy, 32) {
			t.Errorf("%s trusts %v, and the proxy is %v", name, trusted, proxy)
		}
		if cfg.AdminAddr == "" || cfg.NATSURL == "" || !cfg.Postgres() || cfg.Development() ||
			cfg.ForwardedHeader() {
			t.Errorf("%s: %+v", name, cfg)
		}
		if size := directive(
			t,
			"client_max_body_size",
		); size != strconv.FormatInt(
			cfg.MaxBodyBytes,
			10,
		) {
			t.Errorf("the proxy accepts %s bytes, and %s reads %d", size, name, cfg.MaxBodyBytes)
		}
		if grace, err := time.ParseDuration(
			node.Grace,
		); err != nil ||
			grace < 2*cfg.ShutdownTimeout {
			t.Errorf("%s has %s to end, and needs up to %v", name, node.Grace, cfg.ShutdownTimeout)
		}
		want = append(want, node.joined()["front"]+":8080")
	}
	for _, server := range regexp.MustCompile(`(?m)^server (\S+) `).FindAllStringSubmatch(read(t, "nodes.conf"), -1) {
		got = append(got, server[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the proxy's nodes: -compose.yaml +nodes.conf\n%s", diff)
	}
	listen := regexp.MustCompile(`(?m)^listen (\d+);`).FindStringSubmatch(read(t, "listen.conf"))
	if ports := file.Services["proxy"].Ports; len(listen) == 0 || len(ports) != 1 ||
		ports[0] != "127.0.0.1:8080:"+listen[1] {
		t.Errorf("the proxy listens on %v, and publishes %v", listen, ports)
	}
}

// socketPing is the default time between two pings of a node. The proxy waits for the second next.
const socketPing = 25 * time.Second

// TestProxyOutwaitsNodes checks that nodes, not the proxy, time out silent connections.
func TestProxyOutwaitsNodes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"proxy_read_timeout", "proxy_send_timeout"} {
		if timeout, err := time.ParseDuration(
			directive(t, name),
		); err != nil ||
			timeout <= 2*socketPing {
			t.Errorf("%s %v: %v", name, timeout, err)
		}
	}
}

// directive returns the value of a directive of the proxy, which must occur once.
func directive(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^\s*`+name+`\s+([^;]+);`).
		FindAllStringSubmatch(read(t, "nginx.conf"), -1)
	if len(found) != 1 {
		t.Fatalf("%s occurs %d times", name, len(found))
	}
	return found[0][1]
}
