using System.Collections.Concurrent;
using System.Net.Sockets;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Ftp;

/// <summary>Control connections that wait for their next use: logging in takes four round trips.</summary>
internal sealed class FtpPool(Services services) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<FtpAddress, ConcurrentBag<(FtpConnection Connection, long Since)>> _waiting = new();

    /// <summary>Uses a connection for one thing; when that fails in a way that leaves it unclear where the connection stands, it is closed.</summary>
    public async Task<T> UseAsync<T>(DataUri uri, Func<FtpConnection, FtpAddress, Task<T>> use, CancellationToken ct)
    {
        var address = FtpAddress.Of(uri);
        var connection = await TakeAsync(address, Redacted.Of(uri), ct);
        try
        {
            var result = await use(connection, address);
            Return(address, connection);
            return result;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            throw e is IOException or SocketException && !LocalFault(e) ? Faults.OfConnection(e, Redacted.Of(uri), address.Host) : e;
        }
    }

    /// <summary>A connection to hold for as long as a stream lives.</summary>
    public async Task<FtpConnection> TakeAsync(FtpAddress address, string shown, CancellationToken ct)
    {
        while (_waiting.TryGetValue(Key(address), out var bag) && bag.TryTake(out var waiting))
        {
            if (services.Time.GetElapsedTime(waiting.Since) < LongestWait) return waiting.Connection;
            await waiting.Connection.DisposeAsync();
        }

        return await FtpConnection.OpenAsync(services, address, shown, ct);
    }

    public void Return(FtpAddress address, FtpConnection connection) =>
        _waiting.GetOrAdd(Key(address), _ => []).Add((connection, services.Time.GetTimestamp()));

    public void Dispose()
    {
        foreach (var (connection, _) in _waiting.Values.SelectMany(b => b)) connection.Dispose();
        _waiting.Clear();
    }

    private static bool LocalFault(Exception e) => e is IOException { InnerException: null } io && Local.LocalErrors.IsFull(io);

    private static FtpAddress Key(FtpAddress address) => address with { Path = "" };
}
