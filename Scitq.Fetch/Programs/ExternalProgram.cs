using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Scitq.Fetch.Programs;

/// <summary>
/// A program of the machine, or of a docker image. It gets its words one by one (no shell), few variables and none that hold secrets, and ends with
/// all it started when the transfer is stopped, and when this process ends, even if it is killed.
/// </summary>
internal sealed class ExternalProgram(string program, string? image, string docker)
{
    private const int DockerFailed = 125, NotExecutable = 126, NotFound = 127, MostRemovals = 50;

    // The kernel closes the pipe when this process ends, however it does, and then the watch ends all of the session. (PR_SET_PDEATHSIG would not do:
    // it is about the thread that started the program, and prefetch and fasterq-dump are started by a program of their own.) The shell goes first, or
    // it would end the watch.
    private const string Watched = """
        pipe=$1 group=$2 docker=$3 container=$4; shift 4
        exec 3<&0
        "$@" <&3 3<&- & program=$!
        {
          read -r _
          kill -KILL $$ $program
          [ -z "$container" ] || "$docker" rm --force "$container"
          kill -KILL $group
        } <"/dev/fd/$pipe" 3<&- >/dev/null 2>&1 & watch=$!
        exec <&- 3<&-
        wait $program; code=$?
        { kill -KILL $watch; wait $watch; } 2>/dev/null
        exit $code
        """;

    // Variables that programs need to find files, proxies, the docker server and the SRA toolkit's settings.
    private static readonly string[] PassedOn =
    [
        "PATH", "HOME", "TMPDIR", "TZ", "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
        "ALL_PROXY", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "NCBI_SETTINGS", "VDB_CONFIG",
    ];

    private static readonly string[] ForDocker = ["DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"];

    /// <summary>How it is called in messages.</summary>
    public string Name => Path.GetFileName(program);

    /// <summary>Whether it can be started here, as far as can be told before.</summary>
    public bool IsThere => Find(image is null ? program : docker) is not null;

    /// <exception cref="UnsupportedTransferException">It is not there.</exception>
    public void Require(string shown, string install)
    {
        if (IsThere) return;
        throw new UnsupportedTransferException(image is null
            ? $"{shown}: it needs the program '{program}', which is not on PATH here; {install}."
            : $"{shown}: it needs the program '{docker}' to run the image {image}, and it is not on PATH here.");
    }

    /// <summary>Runs it to its end in a directory, which is all that an image sees of this machine.</summary>
    /// <param name="shown">The URI to name in messages.</param>
    /// <param name="arguments">Its words.</param>
    /// <param name="directory">Where it works.</param>
    /// <param name="ct">Kills it.</param>
    /// <param name="input">The text of its standard input, which the list of processes does not show, unlike its words.</param>
    /// <param name="variables">Further variables of its environment.</param>
    /// <param name="file">The only file there that it writes, if it is one. In an image, what an earlier process has left at work on that, or in the
    /// directory, is ended first: so it must be locked.</param>
    /// <exception cref="UnsupportedTransferException">It cannot be started.</exception>
    public async Task<ProgramEnd> RunAsync(
        string shown, IEnumerable<string> arguments, string directory, CancellationToken ct, string? input = null,
        IReadOnlyDictionary<string, string>? variables = null, string? file = null)
    {
        variables ??= new Dictionary<string, string>();
        var container = image is null ? null : await NameAsync(shown, file ?? directory, directory, ct);
        using var alive = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        var words = container is null ? Words(program, arguments) : Words(docker, InImage(container, directory, arguments, variables.Keys, input is not null));
        using var process = Start(shown, words, container, alive.GetClientHandleAsString(), directory, variables);
        alive.DisposeLocalCopyOfClientHandle();
        var (output, errors) = (new Tail(process.StandardOutput), new Tail(process.StandardError));
        try
        {
            await FeedAsync(process, input, ct);
            await process.WaitForExitAsync(ct);
            await QuietAsync(ct);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
                // The caller may now delete or reuse the files that it was writing, or a program that it has started.
                await QuietAsync(CancellationToken.None);
                // Killing the docker command leaves its container alone.
                if (container is not null) await RemoveAsync(container, directory);
            }
        }

        var end = new ProgramEnd(process.ExitCode, output.Text + "\n" + errors.Text, LastLine(errors.Text) ?? LastLine(output.Text) ?? "it said nothing");
        if (end.Code is NotExecutable or NotFound || (container is not null && end.Code == DockerFailed)) throw NotRun(shown, end);
        return end;

        // Nobody has the pipes open any more; a grandchild may for longer than anybody wants to wait.
        Task QuietAsync(CancellationToken c) => Task.WhenAny(Task.WhenAll(output.Read, errors.Read), Task.Delay(TimeSpan.FromSeconds(5), c));
    }

    private UnsupportedTransferException NotRun(string shown, ProgramEnd end) =>
        new($"{shown}: {Name}{(image is null ? "" : $" of the image {image}")} could not be run: {end.LastLine}");

    /// <summary>
    /// The name of a container that is to work at a place, where no earlier one is left. Names begin alike for the same place and end differently:
    /// whoever still removes an earlier one does not mean the next.
    /// </summary>
    private async Task<string> NameAsync(string shown, string place, string directory, CancellationToken ct)
    {
        var prefix = $"scitq-fetch-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, 16))}-";
        var engine = new ExternalProgram(docker, null, docker);
        for (var tries = 0; ; tries++)
        {
            var found = await engine.RunAsync(shown, ["ps", "--all", "--quiet", "--no-trunc", "--filter", "name=" + prefix], directory, ct);
            if (found.Code != 0) throw NotRun(shown, found);
            string[] left = [.. found.Output.Split('\n').Where(l => l.Length == 64 && l.All(char.IsAsciiHexDigitLower))];
            if (left.Length == 0) return prefix + Guid.NewGuid().ToString("N")[..8];
            var removed = await engine.RunAsync(shown, ["rm", "--force", .. left], directory, ct);
            // One that is being removed already refuses that, and is still there.
            if (tries == MostRemovals)
                throw new TransferExhaustedException(
                    $"{shown}: a container that an earlier process has left ({left[0][..12]}) cannot be removed: {removed.LastLine}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), ct);
        }
    }

    // The value is a line of CSV.
    private static string Quoted(string name, string value) => $"\"{name}={value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static List<string> Words(string first, IEnumerable<string> others) => [first, .. others];

    private IEnumerable<string> InImage(string container, string directory, IEnumerable<string> arguments, IEnumerable<string> variables, bool interactive) =>
    [
        "run", "--rm", "--name", container, .. interactive ? ["-i"] : Array.Empty<string>(), "--user",
        string.Create(CultureInfo.InvariantCulture, $"{geteuid()}:{getegid()}"),
        "--mount", $"type=bind,{Quoted("source", directory)},{Quoted("target", directory)}", "--workdir", directory, "--env", $"HOME={directory}",
        // Only their names: docker takes the values from its own environment, which others cannot read.
        .. variables.SelectMany(v => (string[])["--env", v]), image!, program, .. arguments,
    ];

    private Process Start(string shown, List<string> words, string? container, string pipe, string directory, IReadOnlyDictionary<string, string> variables)
    {
        // Without setsid (macOS), what the program itself has started is left to itself.
        var setsid = Find("setsid");
        words = ["/bin/sh", "-c", Watched, "sh", pipe, setsid is null
            ? ""
            : "0", Find(docker) ?? docker, container ?? "", Find(words[0]) ?? words[0], .. words.Skip(1)];
        if (setsid is not null) words = [setsid, .. words];
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in image is null && program != docker ? PassedOn : [.. PassedOn, .. ForDocker])
            if (Variables.Of(name) is { } value) start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment.TryAdd("HOME", directory);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UnsupportedTransferException($"{shown}: the program '{words[0]}' could not be started ({e.Message}).", e);
        }
    }

    private static async Task FeedAsync(Process process, string? input, CancellationToken ct)
    {
        try
        {
            if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all: its exit code says why.
        }
    }

    private async Task RemoveAsync(string container, string directory)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await new ExternalProgram(docker, null, docker).RunAsync(container, ["rm", "--force", container], directory, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or FetchException)
        {
            // The transfer is being stopped already, and says so.
        }
    }

    /// <summary>Where the program is; null when it is not there.</summary>
    private static string? Find(string name) =>
        (name.Contains('/', StringComparison.Ordinal)
            ? [name]
            : (Variables.Of("PATH") ?? "").Split(Path.PathSeparator).Where(d => d.Length > 0).Select(d => Path.Combine(d, name)))
        .FirstOrDefault(p => File.Exists(p)
            && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(p) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0));

    private static string? LastLine(string text) => text.Split('\n', '\r').Select(l => Redacted.Of(l.Trim())).LastOrDefault(l => l.Length > 0);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint geteuid();

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint getegid();

    /// <summary>The end of a stream that may be long.</summary>
    private sealed class Tail
    {
        private const int Longest = 8192;
        private string _text = "";

        public Tail(StreamReader reader) => Read = ReadAsync(reader);

        public Task Read { get; }

        public string Text => Volatile.Read(ref _text);

        private async Task ReadAsync(StreamReader reader)
        {
            var buffer = new char[4096];
            try
            {
                for (int read; (read = await reader.ReadAsync(buffer, CancellationToken.None)) > 0;)
                {
                    var text = _text + new string(buffer, 0, read);
                    Volatile.Write(ref _text, text.Length > Longest ? text[^Longest..] : text);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Killed: what it said before is there.
            }
        }
    }
}
