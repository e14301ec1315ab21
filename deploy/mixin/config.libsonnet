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
    // The same for the scrapes of the exporter itself.
    exporterDownWindow: '1m',

    // How long the condition of an alert must hold before it fires (`for`), by its name without the prefix, by
    // severity where there are two. Without an entry, or with an empty one, it fires at once.
    after: {
      ExporterDown: '1m',
      ExporterAbsent: '5m',
      PollingStalled: '5m',
      ConfigReloadFailed: '5m',
      UnhandledErrors: '',
      ProxyPathDown: '5m',
      ProxyPathBroken: '5m',
      PanelDown: '5m',
      Unreachable: '3m',
      DatabaseFull: '3m',
      DirectPathDown: '10m',
      PanelUnhealthy: '10m',
      PathsDisagree: '15m',
      NotDeployed: '15m',
      CertificateUntrusted: '5m',
      DiagnosisUnknown: '15m',
      CertificateRenewalOverdue: '15m',
      CertificateExpired: '5m',
      ServiceDown: '5m',
      ServiceUnhealthy: '10m',
      WorkerModuleError: '10m',
      WorkerOutOfSync: '15m',
      CredentialsRejected: '10m',
      DnsCheckFailed: '15m',
      ConfigurationIncomplete: '15m',
      VersionSkew: '1h',
      PathFlapping: '5m',
      ProxySlow: '10m',
      OverheadHigh: '10m',
      AvailabilityBudgetBurn: { critical: '2m', warning: '15m' },
    },
    // How long an alert outlives its cause (`keep_firing_for`), against flapping. window + keepFiring must not
    // exceed the shortest `after` of a diagnosis: then a diagnosis that gives way to another is gone before that
    // one fires.
    keepFiring: '1m',
    // The same for single alerts, as in `after`; an empty entry ends an alert with its cause.
    keep: {
      UnhandledErrors: '',
      // Until the next, worse alert about the same certificate fires.
      CertificateRenewalOverdue: { critical: '5m', warning: '15m' },
      PathFlapping: '10m',
      AvailabilityBudgetBurn: '15m',
    },

    // A target is no longer looked at when no round was finished for so many of its intervals.
    stalledIntervals: 3,
    unhandledErrorsWindow: '15m',

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
    // How many times faster than that allows it may fail, over each of these windows.
    burnRates: { '1h': 14.4, '6h': 6, '1d': 3, '3d': 1 },

    runbookUrl: 'https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/%s.md',
    grafanaUrl: 'https://grafana.example.org',
  },
}
