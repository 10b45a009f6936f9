using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Against the FTP server of <c>SCITQ_TEST_FTP</c>: <c>ftp://user:password@host:port</c>.</summary>
[Trait("Level", "Integration")]
public sealed class FtpStoreTests : StoreContract
{
    private string _address = "";

    protected override Task<(FetchOptions Options, DataUri Root)> OpenAsync(FetchOptions options, string local)
    {
        _address = TestEnvironment.Required("SCITQ_TEST_FTP").TrimEnd('/');
        return Task.FromResult((options, DataUri.Parse($"{_address}/scitq-{Guid.NewGuid():N}/a folder/")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Anonymous_reads_and_may_not_write()
    {
        await Fetcher.PutAsync(Write("in/x", 100), Root, ct: Ct);
        var anonymous = Root.At(Root.Path[(Root.Path.IndexOf('@', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(100, (await Fetcher.GetAsync(anonymous.At(anonymous.Path + "x"), At("out"), ct: Ct)).Bytes);
        await Assert.ThrowsAsync<AccessDeniedException>(() => Fetcher.PutAsync(At("in/x"), anonymous, ct: Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wrong_password_is_named_without_being_shown()
    {
        var wrong = DataUri.Parse($"ftp://scitq:s3cret@{_address.Split('@')[1]}/x");
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => Fetcher.GetAsync(wrong, At("out"), ct: Ct));
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_partial_upload_of_the_same_content_is_continued_on_the_server()
    {
        var source = Write("in/x", 3_000_000);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fetcher.PutAsync(source, Root, new Direct(p =>
        {
            if (p.Bytes > 0) stop.Cancel();
        }), stop.Token));
        Assert.DoesNotContain(await ListAsync(Root), e => e.Name == "x");
        await Fetcher.PutAsync(source, Root, ct: Ct);
        Assert.Equal(["x"], (await ListAsync(Root)).Select(e => e.Name));
        await Fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct);
        Assert.Equal(await File.ReadAllBytesAsync(source, Ct), await File.ReadAllBytesAsync(At("out/x"), Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task Line_breaks_are_no_second_command()
    {
        await Assert.ThrowsAsync<BadUriException>(() => Fetcher.GetAsync(Root.At(Root.Path + "x\r\nDELE y"), At("out"), ct: Ct));
    }

    private sealed class Direct(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }
}
