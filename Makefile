.PHONY: build test check race lint vulncheck bench soak generate

build:
	CGO_ENABLED=0 go build -o levee ./cmd/levee

test:
	go test ./...

check:
	bash .ci/run

race:
	go test -race ./internal/... ./leveetest/... .

lint:
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.14.0 run ./...

vulncheck:
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

generate:
	go generate ./...

bench:
	cd bench && go run . -suite -out REPORT.md -json out/report.json

soak:
	cd integration && go run ./soak -time 1h
