using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>FTP over TLS, and that no password is sent where there is none.</summary>
[Trait("Level", "Integration")]
public sealed class FtpTlsTests(ExplicitTlsFtpServer after, ImplicitTlsFtpServer from) : IDisposable,
    IClassFixture<ExplicitTlsFtpServer>, IClassFixture<ImplicitTlsFtpServer>
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData("ftpes", false), InlineData("ftps", false), InlineData("ftp", true), InlineData("ftp", false)]
    public async Task A_file_goes_and_comes_by_each_way_to_TLS(string scheme, bool configured)
    {
        TlsFtpServer server = scheme == "ftps" ? from : after;
        await File.WriteAllBytesAsync(_folder["file"], RandomNumberGenerator.GetBytes(3_000_000), Ct);
        using var fetcher = Fetcher(server.Storage(configured));
        var folder = At(server, scheme, $"{Guid.NewGuid():N}/");
        await fetcher.PutAsync(_folder["file"], folder, ct: Ct);
        await fetcher.GetAsync(folder.At(folder.Path + "file"), _folder["got"], ct: Ct);
        Assert.Equal(await File.ReadAllBytesAsync(_folder["file"], Ct), await File.ReadAllBytesAsync(_folder["got/file"], Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_files_at_a_time_come_from_a_server_that_wants_each_session_resumed()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        await using var resumed = new ResumedTlsFtpServer();
        await resumed.InitializeAsync();
        Directory.CreateDirectory(Path.Combine(resumed.Files, "many"));
        foreach (var name in Enumerable.Range(0, 60))
            await File.WriteAllBytesAsync(Path.Combine(resumed.Files, "many", $"{name}"), RandomNumberGenerator.GetBytes(20_000), Ct);
        using var fetcher = Fetcher(resumed.Storage());
        Assert.Equal(60, (await fetcher.GetAsync(At(resumed, "ftpes", "many/"), _folder["got/"], ct: Ct)).Files.Count);
        // It closes the connection where TLS is wanting; whether it is asked for by the URI or found out is the same.
        Assert.Equal(20_000, (await fetcher.GetAsync(At(resumed, "ftp", "many/7"), _folder["one"], ct: Ct)).Bytes);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("localhost", false, "ftpes"), InlineData("localhost", false, "ftps")]
    [InlineData("127.0.0.1", true, "ftpes"), InlineData("127.0.0.1", true, "ftps")]
    public async Task An_unknown_authority_and_a_wrong_name_are_refused(string host, bool known, string scheme)
    {
        TlsFtpServer server = scheme == "ftps" ? from : after;
        using var fetcher = Fetcher(known ? server.Storage() : new StorageProfiles());
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(At(server, scheme, "x", host), _folder["got"], ct: Ct));
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("ftpes", "no password was sent"), InlineData("ftps", "for AUTH TLS say ftpes://"), InlineData("ftp", "no password was sent")]
    public async Task A_server_without_TLS_hears_no_password(string scheme, string said)
    {
        await using var plain = new ScriptedFtp();
        using var fetcher = Fetcher(new StorageProfiles { Ftp = [new FtpOptions { Hosts = ["127.0.0.1"], Tls = true }] });
        var uri = DataUri.Parse(plain.Root.Replace("ftp://", $"{scheme}://user:hunter2@", StringComparison.Ordinal) + "/x");
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(uri, _folder["got"], ct: Ct));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(plain.Commands, c => c.Contains("user", StringComparison.Ordinal) || c.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_password_that_went_in_the_clear_before_the_server_asked_for_TLS_is_told()
    {
        var told = new List<string>();
        await using var late = new ScriptedFtp
        {
            Answer = c => c.StartsWith("USER", StringComparison.Ordinal) ? "331 and the password?"
                : c.StartsWith("PASS", StringComparison.Ordinal) ? "530 TLS is wanted here" : null,
        };
        using var fetcher = new Fetcher(new FetchOptions { Attempts = 1, StateDirectory = _folder["state"], Notice = told.Add });
        var uri = DataUri.Parse(late.Root.Replace("ftp://", "ftp://user:hunter2@", StringComparison.Ordinal) + "/x");
        await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(uri, _folder["got"], ct: Ct));
        Assert.Contains("after the password had been sent in the clear", Assert.Single(told.Distinct()), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Data_that_break_off_within_a_record_of_TLS_come_again()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        var cuts = new Queue<int>([100, int.MaxValue]);
        await using var server = new ScriptedFtp { Certificate = certificate, CutAfter = cuts.Dequeue };
        server.Files["/x"] = new string('x', 50_000);
        using var fetcher = Fetcher(Trusting(authority));
        Assert.Equal(50_000, (await fetcher.GetAsync(At(server), _folder["got"], ct: Ct)).Bytes);
        Assert.Empty(cuts);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_data_connection_with_a_certificate_that_is_not_good_is_refused()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        using var other = authority.Issue("elsewhere");
        await using var server = new ScriptedFtp { Certificate = certificate, DataCertificate = other };
        server.Files["/x"] = "abc";
        using var fetcher = Fetcher(Trusting(authority));
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(At(server), _folder["got"], ct: Ct));
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    private static DataUri At(ScriptedFtp server) => DataUri.Parse(server.Root.Replace("ftp://127.0.0.1", "ftps://localhost", StringComparison.Ordinal) + "/x");

    private StorageProfiles Trusting(TestAuthority authority)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authority.Write(_folder["ca.pem"]));
        return new StorageProfiles { Ftp = [new FtpOptions { Authorities = authorities }] };
    }

    private static DataUri At(TlsFtpServer server, string scheme, string path, string host = "localhost") =>
        DataUri.Parse($"{scheme}://{server.Account}{host}:{server.Port}/{path}");

    private Fetcher Fetcher(StorageProfiles storage) => new(
        new FetchOptions { Attempts = 2, BackOff = TimeSpan.FromMilliseconds(20), StateDirectory = _folder["state"], Storage = storage });
}
