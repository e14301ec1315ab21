// A zone and its providers: what the discovery reports of them.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local daySeconds = 86400;
  local offset = 'onedata_clock_offset_seconds';
  local latestOffset = q.latest(offset);
  local success = q.highest('onedata_discovery_last_success_timestamp_seconds');
  local attempt = q.highest('onedata_discovery_last_attempt_timestamp_seconds');
  local expiry = 'onedata_token_expiry_timestamp_seconds';
  {
    name: 'federation',
    rules: [
      a.alert(
        'ProviderIncompatible',
        'warning',
        'avg by (job, target) (%s) < 0.5' % q.highest('onedata_provider_compatible') + q.unlessMuted(),
        source=q.highest('onedata_provider_compatible'),
        dashboard='federation',
        when="The version of the Oneprovider is not among the zone's compatible ones.",
        summary='{{ $labels.target }} is not compatible with its zone',
        description='{{ $labels.target }} runs a version that its zone{{ if $labels.onezone }} {{ $labels.onezone }}{{ end }} ' +
                    'does not support. First step: compare both versions on the federation dashboard, and upgrade the older one.',
      ),
      a.alert(
        'VersionSkew',
        'info',
        |||
          count by (job, zone_domain) (
            count by (job, zone_domain, version) (
              %(info)s%(muted)s
            )
          ) > 1
        ||| % {
          info: q.highest('onedata_cluster_info', 'zone_domain!=""'),
          muted: std.strReplace(q.unlessMuted(), '\n', '\n    '),
        },
        dashboard='federation',
        when='Clusters of one zone run different versions.',
        summary='Zone {{ $labels.zone_domain }} runs {{ $value }} versions',
        description='The clusters of zone {{ $labels.zone_domain }} run {{ $value }} different versions. ' +
                    'First step: find the older ones on the federation dashboard, and upgrade them.',
      ),
      a.alert(
        'ClockOffset',
        'warning',
        |||
          avg by (job, target) (%(latest)s)
          and on (job, target) avg by (job, target) (abs(%(latest)s) > bool %(limit)g) > 0.5
        ||| % { latest: latestOffset, limit: config.clockOffsetSeconds } + std.lstripChars(q.unlessMuted(), '\n'),
        source=latestOffset,
        dashboard='federation',
        when="The target's clock and the exporter's differ by more than %g s." % config.clockOffsetSeconds,
        summary='The clock of {{ $labels.target }} is wrong by {{ $value | humanizeDuration }}',
        description="The clock of {{ $labels.target }} minus the exporter's is {{ $value | humanizeDuration }}: " +
                    'tokens are rejected and providers disconnect. ' +
                    'First step: check the time service on the hosts of the cluster, then on the host of the exporter.',
      ),
      a.alert(
        'DiscoveryStale',
        'warning',
        |||
          avg by (job, target) (
            time() - (%(success)s or on (job, instance, target) 0 * %(attempt)s) > bool %(limit)d
          ) > 0.5
        ||| % { success: success, attempt: attempt, limit: config.discoveryStaleSeconds } +
        std.lstripChars(q.unlessMuted(), '\n'),
        source=attempt,
        dashboard='federation',
        when="The zone's list of providers could not be read for %d minutes." % (config.discoveryStaleSeconds / 60),
        summary='The list of providers of {{ $labels.target }} is out of date',
        description='The exporter cannot read the list of providers of {{ $labels.target }}: new providers are not polled. ' +
                    "First step: check the discovery on the target's page. An expired token is the most frequent cause.",
      ),
      a.alert(
        'TokenExpiring',
        'warning',
        'min by (job, target) (%s) - time() < %d' % [q.lowest(expiry), config.tokenExpiryDays * daySeconds] +
        q.unlessMuted(),
        source=q.lowest(expiry),
        when='The token that the exporter uses expires in less than %d days, or has expired.' % config.tokenExpiryDays,
        summary='The token for {{ $labels.target }} expires',
        description='The token that the exporter uses for {{ $labels.target }} expires in {{ $value | humanizeDuration }} ' +
                    '(negative: it has expired): discovery and service statuses end with it. ' +
                    'First step: create a new token and write it into the token file.',
      ),
    ],
  }
