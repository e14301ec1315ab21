// What an installation may want to change. A mixin's user writes
//   (import 'mixin.libsonnet') + { _config+:: { proxySlowSeconds: 2 } }
{
  _config+:: {
    // The scrape job of the exporter, for `up`, which every job has.
    exporterSelector: 'job="onedata-exporter"',
    // More label matchers for every metric of the exporter, such as 'env="production"'.
    selector: '',

    // Gauges are judged by the highest value in this window, so that a missed scrape resets nothing.
    // It bridges a restart of the exporter, too.
    window: '2m',
    // How long an alert outlives its cause, against flapping. window + keepFiring must not exceed the
    // shortest `for` of a diagnosis: then a diagnosis that gives way to another is gone before that one fires.
    keepFiring: '1m',

    pathFlappingChanges: 6,
    pathFlappingWindow: '30m',

    latencyWindow: '10m',
    latencyMinimumObservations: 8,
    proxySlowSeconds: 1,
    overheadHighSeconds: 0.3,

    // Onepanel renews certificates of Let's Encrypt 7 days before their end; others are renewed by people.
    letsEncryptIssuer: ".*Let's Encrypt.*",
    letsEncryptWarningDays: 5,
    letsEncryptCriticalDays: 2,
    otherIssuerWarningDays: 21,
    otherIssuerCriticalDays: 7,

    // The share of time in which the proxy path is to work, over 30 days.
    availabilityObjective: 0.995,

    runbookUrl: 'https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/%s.md',
    grafanaUrl: 'https://grafana.example.org',
  },
}
