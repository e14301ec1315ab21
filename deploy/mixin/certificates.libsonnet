// Certificates as they are served on the expected paths. One that both paths serve is judged once: the
// series carry `subject` and `issuer` in place of `path`.
function(config)
  local q = (import 'expressions.libsonnet')(config);
  local day = 86400;
  {
    // Seconds until the end, by certificate; negative when it has passed.
    remaining(issuer='')::
      |||
        min by (job, target, subject, issuer) (
          %(info)s
          * on (job, instance, target, path, node) group_left ()
          %(end)s
          and on (job, instance, target, path) %(expected)s == 1
        ) - time()
      ||| % {
        info: q.highest('onedata_tls_certificate_info', issuer),
        end: q.highest('onedata_tls_certificate_not_after_timestamp_seconds'),
        expected: q.highest('onedata_path_expected'),
      },
    expired:: '%s< 0' % self.remaining(),

    // Certificates whose end is nearer than the limit of their issuer, but not nearer than `beyond`.
    between(letsEncryptDays, otherDays, beyond)::
      local below(matcher, days, least) =
        '%s< %d >= %d' % [self.remaining(matcher), days * day, least * day];
      q.either(
        below('issuer=~"%s"' % config.letsEncryptIssuer, letsEncryptDays, beyond.letsEncrypt),
        below('issuer!~"%s"' % config.letsEncryptIssuer, otherDays, beyond.other)
      ),
  }
