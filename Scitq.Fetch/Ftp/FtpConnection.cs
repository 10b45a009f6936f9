using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Ftp;

/// <summary>
/// One control connection (RFC 959, 2228, 2428, 3659), passive only, binary only.
/// Data connections go to the control connection's own peer, whatever address the server names, and are as secure as that one. They resume its TLS session,
/// which some servers want to see.
/// </summary>
internal sealed partial class FtpConnection : IAsyncDisposable, IDisposable
{
    private readonly Services _services;
    private readonly FtpAddress _address;
    private readonly FtpOptions? _options;
    private readonly Socket _socket;
    private Stream _stream;
    private FtpLines _lines;
    private SessionName? _session;
    private bool _secure, _latin;

    private FtpConnection(Services services, FtpAddress address, Socket socket)
    {
        (_services, _address, _socket) = (services, address, socket);
        _options = services.Options.Storage.ForFtp(address.Host);
        _stream = new NetworkStream(socket, ownsSocket: true);
        _lines = new FtpLines(_stream, services.Idle);
    }

    /// <summary>What the server says it can do, in capitals, one line each.</summary>
    public IReadOnlyList<string> Features { get; private set; } = [];

    /// <summary>Whether MLSD tells of each thing what it is.</summary>
    public bool HasFacts => Features.Any(f => f.StartsWith("MLST", StringComparison.Ordinal) && f.Contains("TYPE*", StringComparison.Ordinal));

    /// <summary>
    /// Whether LIST takes <c>-a</c>, as <c>ls</c> does, and without it leaves out names that begin with a dot; null when that is not known yet.
    /// </summary>
    public bool? ListsAll { get; set; }

    public static async Task<FtpConnection> OpenAsync(Services services, FtpAddress address, string shown, CancellationToken ct)
    {
        FtpConnection? connection = null;
        try
        {
            using var limit = new CancellationTokenSource(services.Options.ConnectTimeout, services.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
            connection = new FtpConnection(
                services, address,
                await new Connections(services.Options.PublicAddressesOnly ? services.Options.IsPublic : null)
                    .SocketAsync(address.Host, address.Port, either.Token));
            if (await connection.LogInAsync(shown, ct)) return connection;
        }
        catch (Exception e)
        {
            if (connection is not null) await connection.DisposeAsync();
            if (e is AuthenticationException && address.Tls == FtpTls.Implicit && e.Message.Contains("frame", StringComparison.Ordinal))
                throw new AccessDeniedException(
                    $"{shown}: {address.Host} does not begin with TLS at port {address.Port}, as ftps:// does; for AUTH TLS say ftpes://.", e);
            if (e is OperationCanceledException && !ct.IsCancellationRequested)
                throw new TransientException($"{address.Host} did not accept the connection in time.", e);
            if (e is IOException or SocketException or AuthenticationException or AccessDeniedException { InnerException: null })
                throw Faults.OfConnection(e, shown, address.Host);
            throw;
        }

        // Some servers close the connection with that answer, so there is a new one in any case.
        await connection.DisposeAsync();
        return await OpenAsync(services, address with { Tls = FtpTls.First }, shown, ct);
    }

    /// <summary>Sends a command and reads its answer.</summary>
    public async Task<FtpReply> SendAsync(string command, CancellationToken ct)
    {
        var isLatin = _latin && FtpNames.HasLatin(command);
        await _services.Idle.GuardAsync(async c =>
        {
            await _stream.WriteAsync((isLatin ? Encoding.Latin1 : Encoding.UTF8).GetBytes(command + "\r\n"), c);
            return true;
        }, ct);
        return await ReplyAsync(ct);
    }

    /// <summary>Sends a command about something that is there already. Where the server does not say that its names are UTF-8, they may be Latin-1.</summary>
    public async Task<FtpReply> AskAsync(string command, CancellationToken ct)
    {
        var reply = await SendAsync(command, ct);
        if (reply.Code is not (501 or 550 or 553) || Features.Contains("UTF8") || !FtpNames.HasLatin(command)) return reply;
        _latin = !_latin;
        var other = await SendAsync(command, ct);
        if (other.IsPositive) return other;
        _latin = !_latin;
        return reply;
    }

    /// <summary>Reads the next answer.</summary>
    public async Task<FtpReply> ReplyAsync(CancellationToken ct)
    {
        var text = new StringBuilder();
        string? end = null;
        while (true)
        {
            var line = await _lines.NextAsync(ct) is { } bytes ? FtpNames.Read(bytes.Span) : throw new TransientException("the server closed the connection.");
            if (text.Length > 1 << 20) throw new TransientException("the server's answer has no end.");
            text.Append(text.Length == 0 ? "" : "\n").Append(line);
            if (end is null && line.Length > 3 && line[3] == '-') end = line[..3];
            else if (end is null || line == end || (line.StartsWith(end, StringComparison.Ordinal) && line[3] == ' '))
            {
                return int.TryParse(line.AsSpan(0, Math.Min(3, line.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
                    ? new FtpReply(code, text.ToString())
                    : throw new TransientException("the server does not speak FTP.");
            }
        }
    }

    /// <summary>Opens a data connection and starts a transfer on it.</summary>
    public async Task<Stream> TransferAsync(string command, long offset, string shown, CancellationToken ct)
    {
        var socket = await DataAsync(shown, ct);
        try
        {
            if (offset > 0 && await SendAsync(string.Create(CultureInfo.InvariantCulture, $"REST {offset}"), ct) is { Code: not 350 } refused)
                throw refused.Fault(shown);
            var started = await SendAsync(command, ct);
            if (started.Code is not (125 or 150)) throw started.Fault(shown);
            Stream data = new NetworkStream(socket, ownsSocket: true);
            return _secure ? await SecureAsync(data, ct) : data;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is IOException or AuthenticationException) throw Faults.OfConnection(e, shown, _address.Host);
            throw;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _session?.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        _session?.Dispose();
        return _stream.DisposeAsync();
    }

    /// <summary>False when the server wants TLS first.</summary>
    private async Task<bool> LogInAsync(string shown, CancellationToken ct)
    {
        if (_address.Tls == FtpTls.Implicit) await SecureAsync(ct);
        var ready = await ReplyAsync(ct);
        if (ready.Code != 220) throw ready.Fault(shown);
        if (_secure) await ProtectAsync(shown, ct);
        else if (_address.Tls == FtpTls.First || _options is { Tls: true }) await StartTlsAsync(shown, ct);
        var (reply, passwordSent) = await UserAsync(ct);
        if (!_secure && WantsTls(reply))
        {
            if (passwordSent) _services.Options.Notice?.Invoke(
                $"{_address.Host} wanted TLS only after the password had been sent in the clear: say ftpes:// for it, and change the password.");
            return false;
        }

        if (reply.Code is not (230 or 202 or 232)) throw reply.Fault(shown);
        var binary = await SendAsync("TYPE I", ct);
        if (!binary.IsPositive) throw binary.Fault(shown);
        var features = await SendAsync("FEAT", ct);
        if (features.Code == 211) Features = [.. features.Text.Split('\n').Select(f => f.Trim().ToUpperInvariant())];
        if (Features.Contains("UTF8")) await SendAsync("OPTS UTF8 ON", ct);
        return true;
    }

    private async Task<(FtpReply Reply, bool PasswordSent)> UserAsync(CancellationToken ct)
    {
        var reply = await SendAsync("USER " + _address.User, ct);
        return reply.Code == 331 ? (await SendAsync("PASS " + _address.Password, ct), true) : (reply, false);
    }

    private async Task<Socket> DataAsync(string shown, CancellationToken ct)
    {
        var reply = await SendAsync("EPSV", ct);
        int port;
        if (reply.Code == 229 && reply.Text.Split('|') is [_, _, _, var extended, ..]
            && int.TryParse(extended, NumberStyles.None, CultureInfo.InvariantCulture, out port)) return await ConnectAsync(port, ct);
        reply = await SendAsync("PASV", ct);
        if (reply.Code != 227) throw reply.Fault(shown);
        var numbers = reply.Text[3..].Split(',').Select(n => new string([.. n.Where(char.IsAsciiDigit)])).ToArray();
        return numbers.Length >= 6 && int.TryParse(numbers[4], out var high) && int.TryParse(numbers[5], out var low)
            ? await ConnectAsync((high * 256) + low, ct)
            : throw new TransientException("the server named no port for the data.");
    }

    private async Task<Socket> ConnectAsync(int port, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await _services.Idle.GuardAsync(async c =>
            {
                await socket.ConnectAsync(((IPEndPoint)_socket.RemoteEndPoint!).Address, port, c);
                return true;
            }, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
