// What an installation may want to change. A user of the mixin writes
//   (import 'mixin.libsonnet') + { _config+:: { proxySlowSeconds: 2 } }
// A key that is not in this file is rejected.
{
  _config+:: {
    // The scrape job of the exporter, for `up`, which every job has.
    exporterSelector: 'job="onedata-exporter"',
    // Label matchers for every metric of the exporter, such as 'env="production"'. Rounds on demand (`/probe`) have the
    // same metrics in a job of their own, and no say.
    selector: 'job!="onedata-probe"',
    // Labels of the exporter's configuration (`targets[].labels`) that every alert about a target carries.
    targetLabels: ['owner', 'site'],

    // Where the annotations of alerts lead. An empty value leaves the annotation out.
    // Base URL of Grafana: `dashboard_url`.
    grafanaUrl: '',
    // Base URL of the exporter's pages, as people reach them (`web.external_url`): `exporter_url`, the target's page,
    // and `incidents_url`, the incidents of the target with their evidence.
    exporterUrl: '',
    // URL of a runbook, `%s` is the name of the alert: `runbook_url`.
    runbookUrl: 'https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/%s.md',

    // Gauges are judged by the worst value that each exporter reported in this window, so that a missed scrape
    // resets nothing. The window bridges a restart of the exporter, too.
    window: '2m',
    // The same for the scrapes of the exporter itself.
    exporterDownWindow: '1m',
    // The same for certificates: nodes behind one name may serve different ones in turn.
    certificateWindow: '10m',
    // A target that was watched in this time, and that no exporter watches now, is reported.
    watchedWindow: '1h',

    // How long the condition of an alert must hold before it fires (`for`), by its name without the prefix, by
    // severity where there are two. Without an entry, or with an empty one, it fires at once.
    after: {
      ExporterDown: { critical: '1m', warning: '1m' },
      ExporterAbsent: '5m',
      ShardMissing: { critical: '15m', warning: '30m' },
      ConfigReloadFailed: '5m',
      UnhandledErrors: '',
      Watchdog: '',
      PollingStalled: { critical: '5m', warning: '5m' },
      TargetUnwatched: '5m',
      PartialView: '5m',
      ProxyPathDown: '5m',
      ProxyPathBroken: '5m',
      PanelDown: '5m',
      HostFrozen: '5m',
      Unreachable: '3m',
      DatabaseFull: '3m',
      DirectPathDown: '10m',
      PanelUnhealthy: '10m',
      ProviderDisconnected: '10m',
      PathsDisagree: '15m',
      NotDeployed: '15m',
      CertificateUntrusted: '5m',
      DiagnosisUnknown: '15m',
      CertificateRenewalOverdue: { critical: '15m', warning: '1d' },
      CertificateExpired: '5m',
      CertificateRenewalFailing: '6h',
      CertificatesDiffer: '15m',
      ServiceDown: '5m',
      ServiceUnhealthy: '10m',
      WorkerModuleError: '10m',
      WorkerOutOfSync: '15m',
      CredentialsRejected: '10m',
      TokenExpiring: '15m',
      DnsCheckFailed: '15m',
      ConfigurationIncomplete: '15m',
      ProviderIncompatible: '15m',
      VersionSkew: '1h',
      ClockOffset: '10m',
      DiscoveryStale: '10m',
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
      Watchdog: '',
      // Until the next, worse alert about the same certificate fires.
      CertificateRenewalOverdue: { critical: '5m', warning: '15m' },
      PathFlapping: '10m',
      AvailabilityBudgetBurn: '15m',
    },

    // A target is no longer polled when no round was finished for so many of its own intervals.
    stalledIntervals: 3,
    unhandledErrorsWindow: '15m',

    pathFlappingChanges: 6,
    pathFlappingWindow: '30m',

    // At least so many observations, or those of half of the rounds that the target's own interval foresees.
    latencyWindow: '10m',
    latencyMinimumObservations: 8,
    proxySlowSeconds: 1,
    overheadHighSeconds: 0.3,

    // The remaining time of a certificate that is too little: this share of its lifetime, and no more than so many
    // days. Onepanel renews certificates of Let's Encrypt 30 days before their end.
    certificateWarning: { share: 1 / 3, days: 28 },
    certificateCritical: { share: 0.1, days: 7 },

    tokenExpiryDays: 7,
    clockOffsetSeconds: 30,
    discoveryStaleSeconds: 3600,

    // The share of time in which the proxy path is to work, over 30 days.
    availabilityObjective: 0.995,
    // How many times faster than that allows it may fail, over each of these windows.
    burnRates: { '1h': 14.4, '6h': 6, '1d': 3, '3d': 1 },
  },
}
