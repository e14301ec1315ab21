// Many short failures of the proxy path, none long enough for a diagnosis to be called out: how fast the
// error budget of 30 days is spent, over a long window (is it serious?) and a short one (does it go on?).
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local name = (import '../availability.libsonnet').name;

  local burns(long, short) =
    // Prometheus computes the limit, so that both settings are legible in the rule.
    local limit = '%g * (1 - %g)' % [config.burnRates[long], config.availabilityObjective];
    '%(name)s_avg%(long)s{path="proxy"} > %(limit)s\nand %(name)s_avg%(short)s{path="proxy"} > %(limit)s' %
    { name: name, long: long, short: short, limit: limit };
  local within(one, other) = 'within %d days (over %s) or %d days (over %s)' % [
    std.round(30 / config.burnRates[one]),
    one,
    std.round(30 / config.burnRates[other]),
    other,
  ];
  // An outage that was called itself is not called again while it is within the short windows.
  local unlessFiring(which, window) =
    '\nunless on (job, target) max by (job, target) (max_over_time(ALERTS{alertname=~"%s",alertstate="firing"}[%s]))' %
    [which, window];
  local outages = 'Onedata(ProxyPathDown|ProxyPathBroken|PanelDown|HostFrozen|Unreachable|CertificateExpired|CertificateUntrusted)';
  local itself = '\nunless on (job, target) max by (job, target) (ALERTS{alertname="OnedataAvailabilityBudgetBurn",alertstate="firing",severity="critical"})';
  local unlessFlapping = '\nunless on (job, target, path) max by (job, target, path) (max_over_time(ALERTS{alertname="OnedataPathFlapping",alertstate="firing"}[5m]))';
  local burn(severity, expr, when, step) = a.alert(
    'AvailabilityBudgetBurn',
    severity,
    expr + q.unlessMuted(),
    source='{__name__=~"%s_avg.+"}' % name,
    when=when,
    summary='The proxy path of {{ $labels.target }} fails too often',
    description='The {{ $labels.path }} path of {{ $labels.target }} was unavailable {{ $value | humanizePercentage }} of the time; ' +
                'the objective over 30 days is an availability of %g. ' % config.availabilityObjective + step,
  );
  {
    name: 'onedata-availability-alerts',
    rules: [
      burn(
        'critical',
        q.either(burns('1h', '5m'), burns('6h', '30m')) + unlessFiring(outages, '30m'),
        'The proxy path spends its error budget of 30 days %s, in failures too short for another alert.' % within('1h', '6h'),
        'First step: check the reasons of the failures on the dashboard.',
      ),
      burn(
        'warning',
        q.either(burns('1d', '2h'), burns('3d', '6h')) + unlessFiring(outages, '6h') + unlessFlapping + itself,
        'The proxy path spends its error budget of 30 days %s.' % within('1d', '3d'),
        'First step: check the times and reasons of the failures on the dashboard, and plan the repair.',
      ),
    ],
  }
