// Many short failures of the proxy path, none long enough for a diagnosis to be called out: how fast the
// error budget of 30 days is spent, over a long window (is it serious?) and a short one (does it go on?).
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local name = (import '../availability.libsonnet').name;

  local burns(factor, long, short) =
    local limit = factor * (1 - config.availabilityObjective);
    '%(name)s_avg%(long)s{path="proxy"} > %(limit)g\nand %(name)s_avg%(short)s{path="proxy"} > %(limit)g' %
    { name: name, long: long, short: short, limit: limit };
  // An outage that was called itself is not called again while it is within the short windows.
  local unlessFiring(which, window) =
    '\nunless on (job, target) max by (job, target) (max_over_time(ALERTS{alertname=~"%s",alertstate="firing"}[%s]))' %
    [which, window];
  local outages = 'Onedata(ProxyPathDown|ProxyPathBroken|PanelDown|Unreachable|CertificateExpired|CertificateUntrusted)';
  local itself = '\nunless on (job, target) max by (job, target) (ALERTS{alertname="OnedataAvailabilityBudgetBurn",alertstate="firing",severity="critical"})';
  local unlessFlapping = '\nunless on (job, target, path) max by (job, target, path) (max_over_time(ALERTS{alertname="OnedataPathFlapping",alertstate="firing"}[5m]))';
  local burn(severity, expr, when, after, step) = a.alert(
    'AvailabilityBudgetBurn',
    severity,
    expr + q.outsideMaintenance(),
    after=after,
    keep='15m',
    when=when,
    summary='The proxy path of {{ $labels.target }} fails too often',
    description='The {{ $labels.path }} path of {{ $labels.target }} was unavailable {{ $value | humanizePercentage }} of the time; ' +
                'at %g %% the error budget of 30 days is just spent. ' % ((1 - config.availabilityObjective) * 100) + step,
  );
  {
    name: 'onedata-availability-alerts',
    rules: [
      burn(
        'critical',
        q.either(burns(14.4, '1h', '5m'), burns(6, '6h', '30m')) + unlessFiring(outages, '30m'),
        'The proxy path spends its error budget of 30 days within 2 days (over 1 h) or 5 days (over 6 h), in failures too short for another alert.',
        '2m',
        'First step: see on the dashboard which reasons the failures have.',
      ),
      burn(
        'warning',
        q.either(burns(3, '1d', '2h'), burns(1, '3d', '6h')) + unlessFiring(outages, '6h') + unlessFlapping + itself,
        'The proxy path spends its error budget of 30 days within 10 days (over 1 d) or faster than it comes in (over 3 d).',
        '15m',
        'First step: see on the dashboard when it failed and why, and plan the repair.',
      ),
    ],
  }
