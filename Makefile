.PHONY: build test check race lint bench soak generate

build:
	CGO_ENABLED=0 go build -o levee ./cmd/levee

test:
	go test ./...

check:
	bash .ci/run

race:
	go test -race ./internal/... ./leveetest/... .

lint:
	go tool golangci-lint run

generate:
	go generate ./...

bench:
	cd bench && go run . -suite -out REPORT.md -json out/report.json

soak:
	cd integration && go run ./soak -time 1h
