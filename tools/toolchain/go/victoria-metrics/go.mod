module tools/victoria-metrics

go 1.26.6

// Only vmctl uses it; the module proxy does not have the commit that its module asks for, and this earlier one compiles.
replace github.com/prometheus/client_golang/exp => github.com/prometheus/client_golang/exp v0.0.0-20260325093428-d8591d0db856

require github.com/VictoriaMetrics/VictoriaMetrics v1.150.0 // indirect
