using System.Security.Cryptography.X509Certificates;
using Scitq.Fetch;

namespace Scitq.Tests.Servers;

/// <summary>An FTP server that speaks TLS alone, with a certificate for <c>localhost</c> from an authority of its own.</summary>
public abstract class TlsFtpServer(string kind) : IAsyncLifetime
{
    private const string Script = "ftp.sh";
    private readonly TestFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private Uri _address = null!;

    /// <summary>The folder that it serves.</summary>
    public string Files => _folder["server/files"];

    /// <summary>User and password, with the @; empty where there is no user.</summary>
    public string Account => _address.UserInfo.Length > 0 ? _address.UserInfo + "@" : "";

    public int Port => _address.Port;

    public string Authority => _folder["ca.pem"];

    public async ValueTask InitializeAsync()
    {
        TestEnvironment.Required("SCITQ_TEST_FTP");
        _authority.Write(Authority);
        _authority.Issue("localhost", _folder["cert.pem"], _folder["key.pem"]);
        _address = new Uri((await ServerScript.RunAsync(Script, "start", _folder["server"], kind, _folder["cert.pem"], _folder["key.pem"]))[^1]);
    }

    /// <summary>What an administrator says of it in the storage file.</summary>
    public StorageProfiles Storage(bool tls = false)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Authority);
        return new StorageProfiles { Ftp = [new FtpOptions { Hosts = ["local*", "127.*"], Tls = tls, Authorities = authorities }] };
    }

    public async ValueTask DisposeAsync()
    {
        await ServerScript.RunAsync(Script, "stop", _folder["server"]);
        _authority.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>After AUTH TLS.</summary>
public sealed class ExplicitTlsFtpServer() : TlsFtpServer("explicit");

/// <summary>From the first byte.</summary>
public sealed class ImplicitTlsFtpServer() : TlsFtpServer("implicit");

/// <summary>vsftpd, which takes only data connections that resume the session of their control connection; anonymous.</summary>
public sealed class ResumedTlsFtpServer() : TlsFtpServer("vsftpd");
