using System.Diagnostics;
using System.Globalization;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Commands at the terminal of this process.</summary>
internal sealed partial class NativeRuntime
{
    public async Task<int> AtTerminalAsync(RunRequest request, bool shell, Action<string> phase, CancellationToken ct)
    {
        var (directory, spec) = (request.Directory, request.Spec);
        var user = _options.Accounts.Of(spec, request.Worker);
        var home = user is null ? _home : user.Home;
        var environment = TaskEnvironment.Of(request, Directory.Exists(home) ? home : directory.Temp);
        var argv = shell ? [File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh"] : Supervisor.Shorten(spec.Argv, directory.Control, user);
        var program = ProgramLookup.Find(argv[0], environment["PATH"], directory.Temp, request.Worker);
        if (argv[0].StartsWith('-')) argv = [program, .. argv.Skip(1)];
        var umask = Convert.ToString(_options.Umask, 8).PadLeft(3, '0');
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = directory.Temp };
        foreach (var word in (ReadOnlySpan<string>)["-c", string.Create(CultureInfo.InvariantCulture, $"umask {umask}; exec {user?.Setpriv} \"$@\""), "sh"])
            start.ArgumentList.Add(word);
        foreach (var word in argv) start.ArgumentList.Add(word);
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        if (Environment.GetEnvironmentVariable("TERM") is { } terminal) start.Environment["TERM"] = terminal;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(ct);
        return process.ExitCode;
    }
}
