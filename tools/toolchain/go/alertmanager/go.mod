module tools/alertmanager

go 1.26

require github.com/prometheus/alertmanager v0.31.1 // indirect
