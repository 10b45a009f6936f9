using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Scitq.Access.Broker;

/// <summary>Whether a broker's certificate is for the host that was asked for, valid now, and from an authority that is trusted.</summary>
internal sealed class CertificateCheck(string host, X509Certificate2Collection? authorities)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <exception cref="CertificateException">It does not pass; thrown rather than returned, because it says why.</exception>
    public bool Passes(X509Certificate? presented, X509Chain? offered, SslPolicyErrors errors)
    {
        if (presented is not X509Certificate2 certificate) throw new CertificateException("the broker presents no certificate");
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        if (offered is not null) chain.ChainPolicy.ExtraStore.AddRange(offered.ChainPolicy.ExtraStore);
        if (authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        var trusted = chain.Build(certificate);
        if (!trusted) throw new CertificateException(Problem(certificate, [.. chain.ChainStatus]));
        return (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0 ? true
            : throw new CertificateException($"the broker's certificate is for {Names(certificate)}, not for '{host}': connect to a name that it has");
    }

    private string Problem(X509Certificate2 certificate, X509ChainStatus[] chain)
    {
        var status = chain.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        if ((status & X509ChainStatusFlags.NotTimeValid) != 0)
        {
            return $"the broker's certificate is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z "
                + $"to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z only, or its issuer's is";
        }

        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid)) != 0)
        {
            return $"the broker's certificate was issued by '{certificate.Issuer}', which "
                + (authorities is null ? "this machine does not trust (give the authority's certificate: --bus-ca FILE)" : "is not in --bus-ca");
        }

        return $"the broker's certificate is not trusted ({string.Join(' ', chain.Select(s => s.StatusInformation.Trim()).Distinct())})";
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString()))).ToList();
        return names.Count > 0 ? string.Join(", ", names.Select(n => $"'{n}'")) : $"'{certificate.Subject}'";
    }
}
