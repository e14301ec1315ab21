// What both paths together say. Exactly one diagnosis holds for a node, so that no two of these alerts
// speak of the same fault. Of a path that comes and goes PathFlapping and AvailabilityBudgetBurn speak.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local certificates = (import '../certificates.libsonnet')(config);

  // The first steps are those of docs/diagnosis.md; a test compares them.
  local diagnosed(name, severity, diagnosis, when, summary, step, filter='') = a.alert(
    name,
    severity,
    q.diagnosed(diagnosis, 'job, target, node, diagnosis') + filter + q.outsideMaintenance(),
    when=when,
    summary=summary,
    description='%s: diagnosis %s. %s First step: %s' % [a.subject, diagnosis, when, step],
  );
  {
    name: 'onedata-diagnoses',
    rules: [
      diagnosed(
        'ProxyPathDown',
        'critical',
        'proxy_down',
        'Direct is up, but nobody answers on 443.',
        'The proxy path of %s is down' % a.subject,
        'The worker is down: restart it through the direct path (Onepanel on port 9443).',
        q.whereExpected('proxy') + q.unlessWell(),
      ),
      diagnosed(
        'ProxyPathBroken',
        'critical',
        'proxy_broken',
        "Direct is up; 443 answers, but not with Onepanel's words.",
        'The proxy path of %s leads nowhere' % a.subject,
        "The worker cannot reach its own Onepanel: check the certificate chain of 9443 and the worker's log.",
        q.whereExpected('proxy') + q.unlessWell(),
      ),
      diagnosed(
        'PanelDown',
        'critical',
        'panel_down',
        'The worker answers on 443, Onepanel answers over neither path.',
        'Onepanel of %s is down' % a.subject,
        'The worker runs, Onepanel does not: restart Onepanel on that host.',
        q.unlessWell(),
      ),
      diagnosed(
        'Unreachable',
        'critical',
        'unreachable',
        'There is no connection to any expected path.',
        '%s cannot be reached' % a.subject,
        'Check the host, then the network between it and the exporter.',
        q.unlessWell(),
      ),
      diagnosed(
        'DatabaseFull',
        'critical',
        'database_full',
        'Onepanel answers 503 to every public operation: its circuit breaker is open.',
        'The database of %s is full' % a.subject,
        "Free space on the database's disk, or enlarge it; the breaker closes by itself.",
      ),
      diagnosed(
        'DirectPathDown',
        'warning',
        'direct_down',
        'The proxy path is up, 9443 cannot be reached though it is expected to.',
        'The direct path of %s is down' % a.subject,
        'A firewall, or Onepanel bound elsewhere; if that is meant to be, set `paths: [proxy]`.',
        q.whereExpected('direct') + q.unlessWell(),
      ),
      diagnosed(
        'PanelUnhealthy',
        'warning',
        'unhealthy',
        'Onepanel itself says that it is not healthy, or its health check never ends.',
        'Onepanel of %s is unhealthy' % a.subject,
        'A Onepanel node of the cluster is sick: find the one whose 9443 or port 80 does not answer.',
      ),
      diagnosed(
        'PathsDisagree',
        'warning',
        'mismatch',
        'The paths lead to different clusters or versions, or to another kind of cluster than `kind` says.',
        '%s is not the one cluster that it should be' % a.subject,
        "Compare what both paths say on the target's page: DNS or a proxy leads elsewhere, or `kind` is wrong.",
      ),
      diagnosed(
        'NotDeployed',
        'warning',
        'not_deployed',
        'Onepanel is up, but says that the cluster is not deployed.',
        '%s is not deployed' % a.subject,
        "Finish the installation in Onepanel's web interface, on port 9443.",
      ),
      diagnosed(
        'CertificateUntrusted',
        'critical',
        'certificate',
        'The certificate or the TLS handshake of an expected path fails, and not because it has expired.',
        'The certificate of %s is refused' % a.subject,
        "Look at the certificate on the target's page: renew it, or trust its authority with `tls.ca_file`.",
        '\nunless on (job, target) (%s)' % certificates.expired + q.unlessWell(),
      ),
      diagnosed(
        'DiagnosisUnknown',
        'warning',
        'unknown',
        'The target was looked at, but what it showed fits no diagnosis.',
        'It is not clear what is wrong with %s' % a.subject,
        "See the target's page for what each path answered.",
        '\nand on (job, target) %s > 0' %
        q.highestBy('job, target', 'onedata_poll_last_attempt_timestamp_seconds'),
      ),
    ],
  }
