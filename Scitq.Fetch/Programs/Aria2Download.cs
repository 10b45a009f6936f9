using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Scitq.Contracts;
using Scitq.Fetch.Ftp;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Programs;

/// <summary><c>@aria2</c>: several connections for one file, which helps where each is slow.</summary>
internal sealed partial class Aria2Download(ITransport transport, Services services, Meter meter) : ProgramDownload(services, meter)
{
    private const int NotFound = 3, ServerDidNotResume = 8, DiskFull = 9, RefusedByServer = 22, LoginFailed = 24, ChecksumWrong = 32;
    private readonly ExternalProgram _aria2 = new(services.Options.Programs.Aria2c, services.Options.Programs.Aria2Image, services.Options.Programs.Docker);

    protected override async Task RunAsync(DataEntry entry, string part, CancellationToken ct)
    {
        var (shown, options) = (Redacted.Of(entry.Uri), Services.Options);
        _aria2.Require(shown, "install aria2 (Debian: aria2), name an image that holds it in SCITQ_ARIA2_IMAGE, or leave out @aria2");
        if (options.PublicAddressesOnly)
            throw new AccessDeniedException($"{shown}: only public addresses may be connected to here, and aria2c cannot be kept to those; leave out @aria2.");
        // Only its own record tells which of the bytes are there; without a version, nobody knows of what.
        if (entry.Version is null || !File.Exists(part + PartFile.Aria2)) PartFile.Delete(part);
        var folder = Path.GetDirectoryName(part)!;
        var input = $"{Url(entry.Uri)}\n  out={Path.GetFileName(part)}\n";
        await Services.Retrier.RunAsync(entry.Uri, c => Growth.WatchAsync(Services.Idle, Services.Time, folder, part, async d =>
        {
            var end = await _aria2.RunAsync(shown, Arguments(options), folder, d, input, file: part);
            if (end.Code == ServerDidNotResume) PartFile.Delete(part);
            return end.Code == 0 ? true : throw Fault(shown, end);
        }, c), ct);
        // It asks several times: all answers are of one version only if the last one still is of the first.
        if (await Services.Retrier.RunAsync(entry.Uri, c => transport.StatAsync(entry.Uri, c), ct) is { } now && now.Version != entry.Version)
        {
            PartFile.Delete(part);
            throw new IntegrityException($"{shown}: it changed while it was read; try again when it is finished.");
        }
    }

    private static string[] Arguments(FetchOptions options) =>
    [
        "--no-conf=true", "--no-netrc=true", "--input-file=-", "--max-connection-per-server=5", "--split=5", "--min-split-size=1M", "--file-allocation=none",
        "--continue=true",
        "--allow-overwrite=true", "--auto-file-renaming=false", "--always-resume=false", "--max-resume-failure-tries=0", "--auto-save-interval=1",
        // The content is a file for us, also where aria2c would take it for a torrent or a metalink.
        "--follow-torrent=false", "--follow-metalink=false", "--enable-dht=false",
        "--max-tries=3", "--retry-wait=2", Seconds("--connect-timeout", options.ConnectTimeout), Seconds("--timeout", options.IdleTimeout),
        "--summary-interval=0", "--show-console-readout=false", "--console-log-level=error", "--download-result=hide", "--quiet=false",
    ];

    private static string Seconds(string option, TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{option}={Math.Clamp((int)Math.Ceiling(time.TotalSeconds), 1, 600)}");

    private static Exception Fault(string shown, ProgramEnd end) =>
        Fault(shown, end.Code, Error().Matches(end.Output).LastOrDefault()?.Groups[1].Value.Trim() ?? end.LastLine);

    private static Exception Fault(string shown, int code, string reason) => code switch
    {
        NotFound => new DataNotFoundException($"{shown}: {reason}"),
        DiskFull => new DiskFullException($"{shown}: {reason}"),
        LoginFailed => new AccessDeniedException($"{shown}: {reason}"),
        ChecksumWrong => new IntegrityException($"{shown}: {reason}"),
        // Its code for any answer that is none it wanted; which one is only in the text.
        RefusedByServer when Status().Match(reason) is { Success: true } status =>
            Faults.OfStatus(int.Parse(status.Groups[1].ValueSpan, CultureInfo.InvariantCulture), shown, $"aria2c was answered {status.Groups[1].Value}"),
        _ => new TransientException($"aria2c ended with code {code}: {reason}"),
    };

    private static string Url(DataUri uri)
    {
        if (uri.Scheme != "ftp") return Web.Address(uri).AbsoluteUri;
        var address = FtpAddress.Of(uri);
        var url = new StringBuilder("ftp://");
        if (address.User != "anonymous") url.Append(Uri.EscapeDataString(address.User)).Append(':').Append(Uri.EscapeDataString(address.Password)).Append('@');
        url.Append(CultureInfo.InvariantCulture,
            $"{(address.Host.Contains(':', StringComparison.Ordinal) ? $"[{address.Host.Trim('[', ']')}]" : address.Host)}:{address.Port}");
        return url.AppendJoin('/', address.Path.Split('/').Select(Uri.EscapeDataString)).ToString();
    }

    // Its very last line is advice that fits everything.
    [GeneratedRegex(@"errorCode=[0-9]+ (?!URI=)([^\n]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Error();

    [GeneratedRegex("status=([1-9][0-9]{2})", RegexOptions.CultureInvariant)]
    private static partial Regex Status();
}
