package config_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestConnectionsAreFoundByName(t *testing.T) {
	t.Parallel()
	connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections))
	require.NoError(t, err)

	require.Equal(t, []string{"charles", "drops", "pages"}, connections.Names())

	pages, err := connections.Source("pages")
	require.NoError(t, err)
	require.Equal(t, config.KindZeotapAPI, pages.Kind)
	require.Equal(t, "https://cdp.example.com", pages.API.BaseURL)
	require.Nil(t, pages.Export)

	drops, err := connections.Source("drops")
	require.NoError(t, err)
	require.Equal(t, config.KindZeotapExport, drops.Kind)
	require.Equal(t, "drops", drops.Export.URL)
	require.Nil(t, drops.API)

	charles, err := connections.Charles("charles")
	require.NoError(t, err)
	require.Equal(t, "https://acme.hello-charles.com zeotap", charles.Workspace())
}

func TestAnUnknownConnectionIsExplained(t *testing.T) {
	t.Parallel()
	connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections))
	require.NoError(t, err)

	_, err = connections.Source("page")
	require.EqualError(t, err, `source "page" is not a known connection; did you mean "pages"? The worker's connections file has "drops", "pages"`)
	_, err = connections.Source("warehouse")
	require.EqualError(t, err, `source "warehouse" is not a known connection; the worker's connections file has "drops", "pages"`)
	_, err = connections.Source("charles")
	require.EqualError(t, err, `connection "charles" is of kind hello-charles and cannot be the source of a sync; the worker's connections file has "drops", "pages"`)
	_, err = connections.Charles("pages")
	require.EqualError(t, err, `connection "pages" is of kind zeotap-api and cannot be the destination of a sync; the worker's connections file has "charles"`)
	_, err = config.Connections{}.Charles("charles")
	require.EqualError(t, err, `destination "charles" is not a known connection; the worker's connections file has no destination at all; add one`)
}

func TestAWorkspaceIsCalledByItsTenantOrItsHost(t *testing.T) {
	t.Parallel()
	for address, name := range map[string]string{
		"https://acme.hello-charles.com":        "acme",
		"https://acme.hello-charles.com:8443":   "acme",
		"https://charles.example.com":           "charles.example.com",
		"https://charles.example.com:8443/base": "charles.example.com:8443",
		"http://127.0.0.1:7402":                 "127.0.0.1:7402",
	} {
		require.Equal(t, name, config.HelloCharles{BaseURL: address}.WorkspaceName())
	}
}

func TestEveryCredentialOfAConnectionIsListed(t *testing.T) {
	t.Parallel()
	var connections config.Connections
	api, export, charles, webhook := config.ZeotapAPI{}, config.ZeotapExport{}, config.HelloCharles{}, config.Webhook{}
	want := map[string][]config.CredentialRef{
		"api": fillCredentials(reflect.ValueOf(&api).Elem()), "export": fillCredentials(reflect.ValueOf(&export).Elem()),
		"charles": fillCredentials(reflect.ValueOf(&charles).Elem()), "webhook": fillCredentials(reflect.ValueOf(&webhook).Elem()),
	}
	connections.ZeotapAPI = map[string]config.ZeotapAPI{"api": api}
	connections.ZeotapExport = map[string]config.ZeotapExport{"export": export}
	connections.HelloCharles = map[string]config.HelloCharles{"charles": charles}
	connections.Webhooks = map[string]config.Webhook{"webhook": webhook}
	for name, all := range want {
		require.NotEmpty(t, all)
		require.ElementsMatch(t, all, connections.Credentials(name))
	}
	require.Empty(t, connections.Credentials("nobody"))
}

// fillCredentials gives every reference of a struct a value of its own.
func fillCredentials(v reflect.Value) (all []config.CredentialRef) {
	for i := range v.NumField() {
		switch field := v.Field(i); {
		case field.Type() == reflect.TypeFor[config.CredentialRef]():
			field.SetString(fmt.Sprintf("env:%s_%d", v.Type().Name(), i))
			all = append(all, config.CredentialRef(field.String()))
		case field.Kind() == reflect.Struct:
			all = append(all, fillCredentials(field)...)
		}
	}
	return all
}
