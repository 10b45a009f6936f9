using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Scitq.Tests.Servers;

/// <summary>An authority of the test's own, with the certificates it issues as PEM files.</summary>
public sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset From = TimeProvider.System.GetUtcNow().AddDays(-2);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name = "Scitq test authority")
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(From, From.AddDays(10));
    }

    /// <summary>Writes the authority's own certificate.</summary>
    public string Write(string file)
    {
        File.WriteAllText(file, _certificate.ExportCertificatePem());
        return file;
    }

    /// <summary>Issues a certificate for a name, writes it and its key.</summary>
    public void Issue(string name, string certificate, string key, bool expired = false)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Sign(name, own, expired);
        File.WriteAllText(certificate, issued.ExportCertificatePem());
        File.WriteAllText(key, own.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Issues a certificate with its key, for a server of the test's own.</summary>
    public X509Certificate2 Issue(string name, bool expired = false)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Sign(name, own, expired);
        return issued.CopyWithPrivateKey(own);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Sign(string name, ECDsa own, bool expired)
    {
        var request = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        return request.Create(_certificate, From, From.AddDays(expired ? 1 : 8), RandomNumberGenerator.GetBytes(12));
    }
}
