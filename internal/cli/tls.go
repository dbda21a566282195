package cli

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// tlsFlags say how levee serve speaks TLS.
type tlsFlags struct {
	Cert     string `placeholder:"FILE" and:"tls" help:"Serve HTTPS with this certificate (PEM), followed by those that lead to its root."`
	Key      string `placeholder:"FILE" and:"tls" help:"The private key of --tls-cert (PEM)."`
	ClientCA string `name:"client-ca" placeholder:"FILE" help:"Accept only clients with a certificate that one of these authorities (PEM) has signed."`
}

// config returns the configuration of the listener, nil for no TLS.
func (f *tlsFlags) config() (*tls.Config, error) {
	if f.Cert == "" {
		if f.ClientCA != "" {
			return nil, fmt.Errorf("--tls-client-ca needs --tls-cert and --tls-key")
		}
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if f.ClientCA == "" {
		return config, nil
	}
	text, err := os.ReadFile(f.ClientCA)
	if err != nil {
		return nil, err
	}
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in it", f.ClientCA)
	}
	return config, nil
}
