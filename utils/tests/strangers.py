"""What strangers answered who had nothing but a notebook. Right answers must be kept, wrong ones refused, with whatever
sentence; an answer that gets a sentence of its own stands in answers.py."""

STRANGERS = {
    "d_loss": ([
        "return -F.logsigmoid(d_real).mean() - F.logsigmoid(-d_fake).mean()",
        """
            value = F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean()
            return -value
            """,
        """
            real = (F.softplus(d_real) - d_real).mean()
            return real + F.softplus(d_fake).mean()
            """,
        """
            zero = d_real.new_zeros(())
            return torch.logaddexp(zero, -d_real).mean() + torch.logaddexp(zero, d_fake).mean()
            """,
        """
            lse = lambda a: torch.stack([a, torch.zeros_like(a)]).logsumexp(0)
            real, fake = -d_real, d_fake
            return lse(real).mean() + lse(fake).mean()
            """,
        """
            total = 0
            for a in d_real:
                total = total + F.softplus(-a) / len(d_real)
            for b in d_fake:
                total = total + F.softplus(b) / len(d_fake)
            return total
            """,
        """
            bce = F.binary_cross_entropy_with_logits
            on_real = bce(d_real, torch.ones_like(d_real))
            on_fake = bce(d_fake, torch.zeros_like(d_fake))
            return on_real + on_fake
            """,
        """
            a = torch.logaddexp(torch.zeros_like(d_real), -d_real).sum() / len(d_real)
            b = torch.logaddexp(torch.zeros_like(d_fake), d_fake).sum() / len(d_fake)
            return a + b
            """,
    ], [
        ("resets the global random state", """
            torch.manual_seed(0)
            return F.softplus(-d_real).mean() + F.softplus(d_fake).mean()
            """),
        ("softplus with threshold 4: a line from 4 on",
         "return F.softplus(-d_real, threshold=4).mean() + F.softplus(d_fake, threshold=4).mean()"),
        ("value right, gradient of the real part half", """
            real = F.softplus(-d_real).mean()
            return (real + real.detach()) / 2 + F.softplus(d_fake).mean()
            """),
        ("value right, sure items lose their gradient", """
            def part(a):
                s = F.softplus(a)
                return torch.where(a.abs() < 5, s, s.detach()).mean()

            return part(-d_real) + part(d_fake)
            """),
        ("value right, slope of the saturating kind on fakes", """
            value = F.softplus(-d_real).mean() + F.softplus(d_fake).mean()
            other = F.softplus(-d_real).mean() - F.softplus(-d_fake).mean()
            return value.detach() + other - other.detach()
            """),
        ("critic", "return d_fake.mean() - d_real.mean()"),
        ("relativistic pairs", "return F.softplus(d_fake - d_real).mean()"),
        ("2 * mean over the cat: right only if B == B'",
         "return 2 * F.softplus(torch.cat([-d_real, d_fake])).mean()"),
    ]),
    "g_loss": ([
        "return F.logsigmoid(d_fake).mean().neg()",
        "return torch.func.vmap(lambda a: F.softplus(-a))(d_fake).mean()",
        """
            saturating = -F.softplus(d_fake).mean()
            return -saturating - d_fake.mean()
            """,
        "return torch.logaddexp(torch.zeros_like(d_fake), -d_fake).sum() / d_fake.numel()",
        """
            target = torch.ones_like(d_fake)
            return F.binary_cross_entropy_with_logits(d_fake, target)
            """,
        """
            two = torch.stack([torch.zeros_like(d_fake), d_fake], dim=-1)
            return -two.log_softmax(-1)[..., 1].mean()
            """,
        """
            two = torch.stack([d_fake, torch.zeros_like(d_fake)], dim=1)
            return -two.log_softmax(dim=1)[:, 0].mean()
            """,
        """
            losses = []
            for logit in d_fake:
                losses.append(-F.logsigmoid(logit))
            return torch.stack(losses).mean()
            """,
    ], [
        ("threshold 3", "return F.softplus(-d_fake, threshold=3).mean()"),
        ("half gradient", """
            loss = F.softplus(-d_fake)
            return 0.5 * (loss + loss.detach()).mean()
            """),
        ("subtle: right value, halved gradient", """
            loss = F.softplus(-d_fake).mean()
            return 0.5 * loss + 0.5 * loss.detach()
            """),
        ("value right, slope of the critic", """
            value = F.softplus(-d_fake).mean()
            return (value + d_fake.mean()).detach() - d_fake.mean()
            """),
        ("backward inside", """
            loss = F.softplus(-d_fake).mean()
            if loss.requires_grad:
                loss.backward(retain_graph=True)
            return loss
            """),
        ("value non-saturating, gradient saturating", """
            value = F.softplus(-d_fake).mean()
            slope = -F.softplus(d_fake).mean()
            return slope + (value - slope).detach()
            """),
        ("critic", "return -d_fake.mean()"),
        ("per item, no mean", "return F.softplus(-d_fake)"),
        ("D's term for fakes", "return F.softplus(d_fake).mean()"),
        ("sum", "return F.softplus(-d_fake).sum()"),
    ]),
    "d_step": ([
        """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """,
        """
            loss = d_loss(D(x_real), D(x_fake.data))
            opt_D.zero_grad()
            torch.autograd.backward(loss)
            opt_D.step()
            return loss.data
            """,
        """
            def closure():
                opt_D.zero_grad()
                loss = d_loss(D(x_real), D(x_fake.detach()))
                loss.backward()
                return loss

            return opt_D.step(closure)
            """,
        """
            with torch.no_grad():
                copy = x_fake.clone()
            logits = [D(x) for x in (x_real, copy)]
            loss = d_loss(*logits)
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """,
        """
            with torch.no_grad():
                fakes = x_fake + 0
            opt_D.zero_grad()
            loss = d_loss(D(x_real), D(fakes))
            torch.autograd.backward(loss)
            opt_D.step()
            opt_D.zero_grad()
            return loss
            """,
        """
            opt_D.zero_grad(set_to_none=False)
            fake = x_fake.detach()
            d_real = D(x_real)
            d_fake = D(fake)
            loss = d_loss(d_real, d_fake)
            loss.backward()
            opt_D.step()
            return loss.detach()
            """,
        """
            leaf = x_fake.detach().clone().requires_grad_(True)
            opt_D.zero_grad(set_to_none=True)
            loss = d_loss(D(x_real), D(leaf))
            loss.backward()
            opt_D.step()
            return loss.detach().clone()
            """,
        """
            opt_D.zero_grad(set_to_none=False)
            fixed = x_fake.detach().clone()
            d_fake = D(fixed)
            d_real = D(x_real)
            loss = d_loss(d_real, d_fake)
            loss.backward()
            opt_D.step()
            return loss.detach()
            """,
    ], [
        ("fakes reversed: no longer beside their labels in section 9", """
            loss = d_loss(D(x_real), D(x_fake.detach().flip(0)))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("fakes clamped: harmless for images, wrong for points", """
            loss = d_loss(D(x_real), D(x_fake.detach().clamp(-1, 1)))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("skips the step when D is good (and always for a critic)", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            if loss > 0.5:
                opt_D.step()
            return loss
            """),
        ("forgets Adam's moments", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.state.clear()
            opt_D.step()
            return loss
            """),
        ("resets the random state: G gets the same z for ever", """
            torch.manual_seed(0)
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("wipes the fakes afterwards through .data: g_step sees zeros", """
            fake = x_fake.data
            loss = d_loss(D(x_real), D(fake))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            fake.zero_()
            return loss
            """),
        ("flattened: points only", """
            loss = d_loss(D(x_real.flatten(1)), D(x_fake.detach().flatten(1)))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("blends real and fake in place: x_real changed for the next step", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            x_real.copy_(x_fake.detach())
            return loss
            """),
        ("one call on the cat: breaks with the labels of section 9", """
            both = D(torch.cat([x_real, x_fake.detach()]))
            loss = d_loss(both[:len(x_real)], both[len(x_real):])
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("learning rate shrinks at every step", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            for group in opt_D.param_groups:
                group["lr"] *= 0.999
            return loss
            """),
        ("p.grad.zero_() fails on the first step, where grad is None", """
            for group in opt_D.param_groups:
                for p in group["params"]:
                    p.grad.zero_()
            loss = d_loss(D(x_real), D(x_fake.detach()))
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("autograd.grad without allow_unused: fails when D forgets the label", """
            weights = [p for g in opt_D.param_groups for p in g["params"]]
            loss = d_loss(D(x_real), D(x_fake.detach()))
            grads = torch.autograd.grad(loss, weights)
            for p, g in zip(weights, grads):
                p.grad = g
            opt_D.step()
            return loss
            """),
        ("weights frozen between steps: penalties computed outside no longer train D", """
            weights = [p for g in opt_D.param_groups for p in g["params"]]
            for p in weights:
                p.requires_grad_(True)
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            for p in weights:
                p.requires_grad_(False)
            return loss
            """),
        ("plain gradient descent by hand, not opt_D's step", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            with torch.no_grad():
                for group in opt_D.param_groups:
                    for p in group["params"]:
                        if p.grad is not None:
                            p -= group["lr"] * p.grad
            return loss
            """),
    ]),
    "g_step": ([
        """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """,
        """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward(retain_graph=True)
            opt_G.step()
            return loss
            """,
        """
            opt_G.zero_grad(set_to_none=False)
            d_fake = D(x_fake)
            loss = g_loss(d_fake)
            loss.backward()
            opt_G.step()
            return loss.detach()
            """,
        """
            def closure():
                opt_G.zero_grad()
                loss = g_loss(D(x_fake))
                loss.backward()
                return loss

            return opt_G.step(closure)
            """,
        """
            loss = g_loss(D(x_fake))
            slope, = torch.autograd.grad(loss, x_fake)
            opt_G.zero_grad()
            x_fake.backward(slope)
            opt_G.step()
            return loss.detach()
            """,
        """
            opt_G.zero_grad(set_to_none=True)
            logits = D(x_fake)
            loss = g_loss(logits)
            loss.backward(inputs=[p for g in opt_G.param_groups for p in g["params"]])
            opt_G.step()
            return loss
            """,
        """
            leaf = x_fake.detach().requires_grad_()
            loss = g_loss(D(leaf))
            slope, = torch.autograd.grad(loss, leaf)
            opt_G.zero_grad()
            x_fake.backward(slope)
            opt_G.step()
            return loss.detach()
            """,
        """
            weights = [p for group in opt_G.param_groups for p in group["params"]]
            opt_G.zero_grad()
            loss = g_loss(D(x_fake))
            torch.autograd.backward(loss, inputs=weights)
            opt_G.step()
            return loss
            """,
        """
            loss, pull = torch.func.vjp(lambda x: g_loss(D(x)), x_fake.detach())
            slope, = pull(torch.ones_like(loss))
            opt_G.zero_grad()
            x_fake.backward(slope.detach())
            opt_G.step()
            return loss.detach()
            """,
    ], [
        ("mean logit: right for the critic only", """
            loss = g_loss(D(x_fake).mean())
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("reversed: fakes beside the wrong labels in section 9", """
            loss = g_loss(D(x_fake.flip(0)))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("flattened: points only", """
            loss = g_loss(D(x_fake.flatten(1)))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("fakes clamped: no slope outside the cube", """
            loss = g_loss(D(x_fake.clamp(-1, 1)))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("only a step when G is losing", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            if loss > 0.3:
                opt_G.step()
            return loss
            """),
        ("Adam's moments forgotten", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.state.clear()
            opt_G.step()
            return loss
            """),
        ("resets the random state", """
            torch.manual_seed(42)
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("subtle: noise on the fakes: the loss is not that of x_fake and the random stream moves", """
            loss = g_loss(D(x_fake + 0.1 * torch.randn_like(x_fake)))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("noise on the fakes", """
            loss = g_loss(D(x_fake + 0.02 * torch.randn_like(x_fake)))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("freezes D for ever when it is a module", """
            if isinstance(D, nn.Module):
                for p in D.parameters():
                    p.requires_grad = False
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("plain gradient descent by hand", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            with torch.no_grad():
                for group in opt_G.param_groups:
                    for p in group["params"]:
                        p -= group["lr"] * p.grad
            return loss
            """),
        ("D moves too, where it is a module", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            if isinstance(D, nn.Module):
                D.zero_grad()
            loss.backward()
            opt_G.step()
            if isinstance(D, nn.Module):
                with torch.no_grad():
                    for p in D.parameters():
                        if p.grad is not None:
                            p -= 1e-3 * p.grad
            return loss
            """),
    ]),
    "jacobian_norm": ([
        """
            J = torch.func.vmap(torch.func.jacrev(G))(z)
            return J.square().sum((1, 2)).sqrt()
            """,
        """
            J = torch.func.jacrev(lambda v: G(v).sum(0))(z)
            return torch.linalg.vector_norm(J, dim=(0, 2))
            """,
        """
            one = lambda v: G(v[None])[0]
            J = torch.func.vmap(torch.func.jacrev(one))(z)
            return J.flatten(1).norm(dim=1)
            """,
        """
            J = torch.func.vmap(torch.func.jacrev(lambda v: G(v[None])[0]))(z)
            return torch.linalg.svdvals(J).square().sum(1).sqrt()
            """,
        """
            one = lambda v: G(v[None])[0]
            J = torch.func.vmap(torch.func.jacrev(one))(z)  # (B, 2, d)
            return J.flatten(1).norm(dim=1)
            """,
        """
            J = torch.func.vmap(torch.func.jacfwd(lambda v: G(v.unsqueeze(0)).squeeze(0)))(z)
            return torch.linalg.matrix_norm(J)
            """,
        """
            J = torch.func.jacrev(lambda v: G(v).sum(0))(z)  # (2, B, d)
            J = J.permute(1, 0, 2)
            return torch.einsum("boi,boi->b", J, J).sqrt()
            """,
        """
            norms = []
            for v in z:
                J = torch.autograd.functional.jacobian(lambda w: G(w[None])[0], v)
                norms.append(J.norm())
            return torch.stack(norms)
            """,
    ], [
        ("capped", """
            J = torch.func.vmap(torch.func.jacrev(G))(z)
            return J.flatten(1).norm(dim=1).clamp(max=10)
            """),
        ("only the first 256 of a large batch, the rest zero", """
            J = torch.func.vmap(torch.func.jacrev(G))(z[:256])
            norm = torch.zeros(len(z), device=z.device)
            norm[:256] = J.flatten(1).norm(dim=1)
            return norm
            """),
        ("two latent directions only: right for d = 2", """
            squares = 0
            for j in range(2):
                e = torch.zeros_like(z)
                e[:, j] = 1
                squares = squares + torch.func.jvp(G, (z,), (e,))[1].square().sum(1)
            return squares.sqrt()
            """),
        ("subtle: secants of length 0.2 instead of slopes: smears the steep lines", """
            h, total = 0.1, 0
            for i in range(z.shape[1]):
                e = torch.zeros_like(z)
                e[:, i] = h
                total = total + ((G(z + e) - G(z - e)) / (2 * h)).square().sum(1)
            return total.sqrt()
            """),
        ("value right, but backward pollutes the gradients of G", """
            leaf = z.detach().clone().requires_grad_()
            total = 0
            for i in range(2):
                leaf.grad = None
                G(leaf)[:, i].sum().backward()
                total = total + leaf.grad.square().sum(1)
            return total.sqrt()
            """),
        ("finite differences, coarse: kinks are blurred", """
            h, squares = 0.1, 0
            with torch.no_grad():
                for j in range(z.shape[1]):
                    e = torch.zeros_like(z)
                    e[:, j] = h
                    squares = squares + ((G(z + e) - G(z - e)) / (2 * h)).square().sum(1)
            return squares.sqrt()
            """),
        ("one norm for the whole batch", """
            J = torch.func.vmap(torch.func.jacrev(G))(z)
            return J.norm()
            """),
        ("per direction, not per item", """
            J = torch.func.vmap(torch.func.jacrev(G))(z)
            return J.norm(dim=1)
            """),
    ]),
    "gradient_penalty": ([
        """
            u = torch.rand_like(x_real.flatten(1)[:, 0]).view(-1, *[1] * (x_real.dim() - 1))
            x = u * x_real + (1 - u) * x_fake
            slope = torch.func.grad(lambda a: D(a).sum())(x)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """,
        """
            u = torch.rand([len(x_real)] + [1] * (x_real.dim() - 1), device=x_real.device)
            logits, pull = torch.func.vjp(D, u * x_real + (1 - u) * x_fake)
            slope, = pull(torch.ones_like(logits))
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """,
        """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """,
        """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """,
        """
            r, f = x_real.flatten(1), x_fake.flatten(1)
            u = torch.rand(len(r), 1, device=r.device)
            x = (r * u + f * (1 - u)).detach().view(x_real.shape).requires_grad_()
            g, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            n = (g.pow(2).flatten(1).sum(1) + 1e-12).sqrt()
            return ((n - 1) ** 2).sum() / len(n)
            """,
        """
            u = torch.special.ndtr(torch.randn(len(x_real), device=x_real.device))
            u = u[(...,) + (None,) * (x_real.dim() - 1)]
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            norm = slope.flatten(1).norm(dim=1)
            return torch.dot(norm - 1, norm - 1) / len(norm)
            """,
        """
            pairs = []
            for real, fake in zip(x_real, x_fake):
                u = torch.rand((), device=real.device)
                pairs.append(u * real + (1 - u) * fake)
            x = torch.stack(pairs).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            total = 0
            for g in slope:
                total = total + (g.norm() - 1) ** 2
            return total / len(slope)
            """,
    ], [
        ("backward inside: leaves gradients in D's weights", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            D(x).sum().backward(create_graph=True)
            return (x.grad.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("D.eval(): D may be any function", """
            D.eval()

            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            norm = slope.flatten(1).norm(dim=1)
            return (norm - 1).square().mean()
            """),
        ("u is 0 or 1", """
            u = torch.rand(len(x_real), device=x_real.device).round()
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("u squared", """
            u = torch.rand(len(x_real), device=x_real.device).square()
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("evenly spaced u, not random", """
            u = torch.linspace(0, 1, len(x_real), device=x_real.device)
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("logit-normal u", """
            u = torch.randn(len(x_real), device=x_real.device).sigmoid()
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("triangular u", """
            u = torch.rand(2, len(x_real), device=x_real.device).mean(0)
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("u in steps of a tenth", """
            u = torch.randint(0, 11, (len(x_real),), device=x_real.device) / 10
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("global seed reset", """
            torch.manual_seed(0)
            u = torch.rand(len(x_real), device=x_real.device)
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("clipped normal u with the mean and spread of a uniform", """
            u = (0.5 + 0.2887 * torch.randn(len(x_real), device=x_real.device)).clamp(0, 1)
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("arcsine distribution", """
            u = (math.pi / 2 * torch.rand(len(x_real), device=x_real.device)).sin().square()
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("two items share a draw", """
            u = torch.rand((len(x_real) + 1) // 2, device=x_real.device).repeat_interleave(2)[:len(x_real)]
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("own generator with a fixed seed: the same u in every call", """
            fixed = torch.Generator().manual_seed(0)
            u = torch.rand(len(x_real), generator=fixed).to(x_real.device)
            u = u.view(-1, *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).detach().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
    ]),
    "project": ([
        "return (head(h) + (h.unsqueeze(1) @ embed(y).unsqueeze(2)).squeeze(2)).squeeze(1)",
        """
            inner = torch.func.vmap(torch.dot)(embed.weight[y], h)
            return head(h).view(-1) + inner
            """,
        "return torch.stack([head(f)[0] + torch.dot(embed(label), f) for f, label in zip(h, y)])",
        """
            scores = head(h) + h @ embed.weight.T  # (B, 10)
            return scores.gather(1, y[:, None])[:, 0]
            """,
        """
            every = h @ embed.weight.T
            return head(h).flatten() + every.gather(1, y[:, None]).flatten()
            """,
        """
            score = head(h).squeeze(1)
            match = torch.einsum("bd,bd->b", embed(y), h)
            return score + match
            """,
        """
            inner = torch.bmm(embed(y)[:, None, :], h[:, :, None])
            return (head(h) + inner[:, :, 0]).squeeze(-1)
            """,
        """
            weight = head.weight + embed(y)
            out = (weight * h).sum(-1)
            return out if head.bias is None else out + head.bias
            """,
        """
            w = head.weight + F.embedding(y, embed.weight)
            return torch.bmm(w[:, None, :], h[:, :, None])[:, 0, 0] + head.bias
            """,
    ], [
        ("detached h: D's body gets no slope from the label",
         "return head(h)[:, 0] + (embed(y) * h.detach()).sum(1)"),
        ("detached embedding", "return head(h)[:, 0] + (embed(y).detach() * h).sum(1)"),
        ("head sees a detached h", "return head(h.detach())[:, 0] + (embed(y) * h).sum(1)"),
        ("weight.data: the embedding never learns", "return head(h)[:, 0] + (embed.weight.data[y] * h).sum(1)"),
        ("first 64 features only", "return head(h)[:, 0] + (embed(y)[:, :64] * h[:, :64]).sum(1)"),
        ("subtle: embed.weight.data: right value, the class vectors never learn (they start at 0)", """
            v = embed.weight.data[y]
            return head(h)[:, 0] + (v * h).sum(1)
            """),
        ("squeeze drops the batch when B = 1", "return (head(h) + (embed(y) * h).sum(1, keepdim=True)).squeeze()"),
        ("one_hot without 10: breaks on a batch without class 9",
         "return head(h)[:, 0] + ((F.one_hot(y).float() @ embed.weight) * h).sum(1)"),
        ("value right, embedding's gradient doubled", """
            e = embed(y)
            e = 2 * e - e.detach()
            return head(h)[:, 0] + (e * h).sum(1)
            """),
        ("padding_idx=0: value right, class 0 never learns",
         "return head(h)[:, 0] + (F.embedding(y, embed.weight, padding_idx=0) * h).sum(1)"),
        ("value right, inner product's gradients half", """
            inner = (embed(y) * h).sum(1)
            return head(h)[:, 0] + (inner + inner.detach()) / 2
            """),
        ("bias detached: it never learns",
         "return F.linear(h, head.weight, head.bias.detach())[:, 0] + (embed(y) * h).sum(1)"),
        ("scale_grad_by_freq: value right, gradient divided by the count",
         "return head(h)[:, 0] + (F.embedding(y, embed.weight, scale_grad_by_freq=True) * h).sum(1)"),
    ]),
    "inside": ([
        """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) <= radius).any(1).float().mean()
            """,
        """
            radius = torch.cdist(support, support).sort(dim=1).values[:, k]
            return ((torch.cdist(x, support) - radius).min(1).values <= 0).float().mean()
            """,
        """
            near = torch.cdist(support, support).topk(k + 1, dim=1, largest=False).values
            hit = torch.cdist(support, x) <= near[:, -1:]
            return hit.any(0).float().mean()
            """,
        """
            own = torch.cdist(support, support)
            own.fill_diagonal_(float("inf"))
            radius = own.kthvalue(k, dim=1).values
            return (torch.cdist(x, support) <= radius[None]).any(dim=1).float().mean().item()
            """,
        """
            s = support.cpu().double()
            radius = torch.cdist(s, s).kthvalue(k + 1).values
            one = lambda p: ((s - p).norm(dim=1) <= radius).any()
            return torch.func.vmap(one, chunk_size=64)(x.cpu().double()).float().mean()
            """,
        """
            own = torch.cdist(support, support)
            own.fill_diagonal_(float("inf"))
            radius = own.topk(k, dim=1, largest=False).values[:, -1]
            hit = torch.cdist(x, support) <= radius[None, :]
            return hit.any(dim=1).double().mean().item()
            """,
        """
            m = len(support)
            off = ~torch.eye(m, dtype=torch.bool, device=support.device)
            own = torch.cdist(support, support)[off].view(m, m - 1)
            radius = own.kthvalue(k, 1).values
            return 1 - (torch.cdist(x, support) > radius).all(1).float().mean()
            """,
        """
            a = x.detach().cpu().numpy().astype(np.float64)
            s = support.detach().cpu().numpy().astype(np.float64)
            radius = np.array([np.partition(np.linalg.norm(s - c, axis=1), k)[k] for c in s])
            hits = [np.any(np.linalg.norm(s - p, axis=1) <= radius) for p in a]
            return np.mean(hits)
            """,
        """
            m = len(support)
            d = torch.cdist(support, support)
            d = d.masked_fill(torch.eye(m, dtype=torch.bool, device=d.device), math.inf)
            radius = torch.kthvalue(d, k, dim=0, keepdim=True).values.T
            inside_of = torch.cdist(support, x) <= radius
            return inside_of.sum(0).clamp(max=1).float().mean()
            """,
    ], [
        ("support cut to 500 points", """
            support = support[:500]
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) <= radius).any(1).float().mean()
            """),
        ("sets of one size taken for the same set", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            cross = torch.cdist(x, support)
            if len(x) == len(support):
                cross.fill_diagonal_(float("inf"))
            return (cross <= radius).any(1).float().mean()
            """),
        ("bounding box", """
            low, high = support.min(0).values, support.max(0).values
            return ((x >= low) & (x <= high)).all(1).float().mean()
            """),
        ("roles swapped", """
            radius = torch.cdist(x, x).kthvalue(k + 1, dim=1).values
            return (torch.cdist(support, x) <= radius).any(1).float().mean()
            """),
        ("radius to the k-th nearest x", """
            radius = torch.cdist(support, x).kthvalue(k, dim=1).values
            return (torch.cdist(x, support) <= radius).any(1).float().mean()
            """),
        ("count, not share", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) <= radius).any(1).sum()
            """),
        ("subtle: k is ignored, right for the default only", """
            radius = torch.cdist(support, support).sort(1).values[:, 3]
            return (torch.cdist(x, support) <= radius).any(1).float().mean()
            """),
        ("share of pairs", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) <= radius).float().mean()
            """),
    ]),
    "squared_error": ([
        "return F.mse_loss(x, x_hat) * x[0].numel()",
        "return ((x - x_hat) ** 2).sum() / x.shape[0]",
        "return torch.square(x - x_hat).mean(0).sum()",
        "return ((x - x_hat) ** 2).flatten(1).sum(1).mean()",
        """
            return F.mse_loss(x_hat, x, reduction="sum") / len(x)
            """,
        """
            d = x_hat.clone()
            d -= x
            return d.mul(d).sum().div(d.size(0))
            """,
        """
            dims = tuple(range(1, x.dim()))
            return (x - x_hat).pow(2).sum(dim=dims).mean()
            """,
        """
            per_number = nn.MSELoss()(x_hat, x)
            return per_number * math.prod(x.shape[1:])
            """,
    ], [
        ("half the gradient: one factor detached", """
            d = x - x_hat
            return (d * d.detach()).flatten(1).sum(1).mean()
            """),
        ("half the gradient", "return ((x - x_hat) * (x - x_hat.detach())).flatten(1).sum(1).mean()"),
        ("value right, gradient twice too large", """
            v = (x - x_hat).square().flatten(1).sum(1).mean()
            return 2 * v - v.detach()
            """),
        ("a small weight decay hidden in it",
         "return (x - x_hat).square().flatten(1).sum(1).mean() + 1e-2 * x_hat.square().mean()"),
        ("first channel only", """
            d = (x - x_hat).square()
            d = d[:, :1] if d.dim() == 4 else d
            return d.flatten(1).sum(1).mean()
            """),
        ("backward called inside", """
            v = (x - x_hat).square().flatten(1).sum(1).mean()
            if v.requires_grad:
                v.backward(retain_graph=True)
            return v
            """),
        ("only the first 16 items, divided by all", """
            total = 0
            for i in range(min(16, len(x))):
                total = total + (x[i] - x_hat[i]).square().sum()
            return total / len(x)
            """),
        ("only the first 16 items", """
            total = 0
            for i in range(min(16, len(x))):
                total = total + (x[i] - x_hat[i]).square().sum()
            return total / min(16, len(x))
            """),
    ]),
    "nll": ([
        "return -torch.distributions.Normal(x, s).log_prob(x_hat).sum() / len(x)",
        """
            p = torch.distributions.Normal(x_hat, s)
            return -p.log_prob(x).flatten(1).sum(1).mean()
            """,
        """
            D = torch.distributions
            p = D.Independent(D.Normal(x_hat, s), x.dim() - 1)
            return p.log_prob(x).neg().mean()
            """,
        """
            var = s.pow(2)
            n = x.shape[1:].numel()
            return 0.5 * (F.mse_loss(x_hat, x) / var + (2 * math.pi * var).log()) * n
            """,
        """
            each = (x - x_hat) ** 2 / (2 * s ** 2) + s.log() + 0.5 * math.log(2 * math.pi)
            return each.flatten(1).sum(1).mean()
            """,
        """
            var = s.square().expand_as(x_hat)
            return F.gaussian_nll_loss(x_hat, x, var, full=True, eps=1e-12, reduction="sum") / len(x)
            """,
        """
            z = ((x - x_hat) / s).reshape(len(x), -1)
            each = 0.5 * z * z + torch.log(s * math.sqrt(2 * math.pi))
            return each.sum() / len(x)
            """,
        """
            var = s.square() * torch.ones_like(x_hat)
            return F.gaussian_nll_loss(x_hat, x, var, full=True, eps=1e-20, reduction='sum') / len(x)
            """,
    ], [
        ("dims (1, 2, 3): breaks on points",
         "return -torch.distributions.Normal(x_hat, s).log_prob(x).sum((1, 2, 3)).mean()"),
        ("x_hat detached in the quotient",
         "return -torch.distributions.Normal(x_hat.detach(), s).log_prob(x).flatten(1).sum(1).mean()"),
        ("first 64 items only",
         "return -torch.distributions.Normal(x_hat[:64], s).log_prob(x[:64]).flatten(1).sum(1).mean()"),
        ("reseeds the global generator", """
            torch.manual_seed(0)
            return -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()
            """),
        ("s floored at 0.15: wrong at 0.1", """
            s = s.clamp(min=0.15)
            return -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()
            """),
        ("value right, gradient doubled", """
            v = -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()
            return 2 * v - v.detach()
            """),
        ("density floored: no slope far away", """
            log_p = torch.distributions.Normal(x_hat, s).log_prob(x).clamp(min=-20)
            return -log_p.flatten(1).sum(1).mean()
            """),
        ("s updated in place on .data", """
            v = -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()
            s.data.clamp_(min=0.2)
            return v
            """),
        ("wrong for s = 0.1", """
            s = s.clamp(min=0.2)  # stability
            return -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()
            """),
        ("math.log(s): half the gradient of s", """
            each = (x - x_hat) ** 2 / (2 * s ** 2) + 0.5 * math.log(2 * math.pi) + math.log(s)
            return each.flatten(1).sum(1).mean()
            """),
        ("gaussian_nll_loss with a coarse eps", """
            var = s.square().expand_as(x_hat)
            return F.gaussian_nll_loss(x_hat, x, var, full=True, eps=5e-2, reduction="sum") / len(x)
            """),
        ("s * s.detach(): half of the quotient's gradient", """
            each = (x - x_hat) ** 2 / (2 * s * s.detach()) + 0.5 * math.log(2 * math.pi) + s.log()
            return each.flatten(1).sum(1).mean()
            """),
        ("s detached in the quotient: s shrinks for ever", """
            each = (x - x_hat) ** 2 / (2 * s.detach() ** 2) + 0.5 * math.log(2 * math.pi) + s.log()
            return each.flatten(1).sum(1).mean()
            """),
        ("right value, gradient of s lacks log s", """
            each = (x - x_hat) ** 2 / (2 * s ** 2) + s.detach().log() + 0.5 * math.log(2 * math.pi)
            return each.flatten(1).sum(1).mean()
            """),
        ("half the gradient for x_hat", """
            each = (x - x_hat) * (x - x_hat.detach()) / (2 * s ** 2) + s.log() + 0.5 * math.log(2 * math.pi)
            return each.flatten(1).sum(1).mean()
            """),
        ("backward called inside", """
            v = -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()
            if v.requires_grad:
                v.backward(retain_graph=True)
            return v
            """),
    ]),
    "draw": ([
        "return mu - logvar.div(2).exp() * torch.randn_like(mu)",
        "return torch.distributions.Normal(mu, (0.5 * logvar).exp()).rsample()",
        "return torch.addcmul(mu, logvar.exp().sqrt(), torch.randn_like(logvar))",
        "return torch.distributions.Normal(mu, torch.exp(0.5 * logvar)).rsample()",
        """
            z = torch.normal(torch.zeros_like(mu), 1.0)
            z = z * logvar.exp().pow(0.5)
            z += mu
            return z
            """,
        """
            eps = torch.empty_like(mu).normal_()
            sigma = math.e ** (logvar / 2)
            return sigma * eps + mu
            """,
        """
            noise = torch.empty_like(mu).normal_()
            sigma = math.e ** (0.5 * logvar)
            return sigma * noise + mu
            """,
        """
            eps = (torch.randn_like(mu) - torch.randn_like(mu)) / math.sqrt(2)
            return mu + torch.exp(logvar / 2) * eps
            """,
        """
            eps = torch.distributions.Normal(0.0, 1.0).sample(mu.shape).to(mu)
            return mu + torch.exp(logvar / 2) * eps
            """,
    ], [
        ("torch.normal: no gradient through it", "return torch.normal(mu, (logvar / 2).exp())"),
        ("signs", "return mu + (logvar / 2).exp() * torch.randn_like(mu).sign()"),
        ("sigma + 0.01", "return mu + ((logvar / 2).exp() + 1e-2) * torch.randn_like(mu)"),
        ("noise cut at 2 sigma", "return mu + (logvar / 2).exp() * torch.randn_like(mu).clamp(-2, 2)"),
        ("logvar clamped to [-3, 3]", "return mu + (logvar.clamp(-3, 3) / 2).exp() * torch.randn_like(mu)"),
        ("sigma floored at 0.1", "return mu + (logvar / 2).exp().clamp(min=0.1) * torch.randn_like(mu)"),
        ("fixed seed, global", """
            torch.manual_seed(0)
            return mu + (logvar / 2).exp() * torch.randn_like(mu)
            """),
        ("cut tails", """
            eps = torch.randn_like(mu).clamp(-2, 2)
            return mu + (logvar / 2).exp() * eps
            """),
        ("uniform of variance 1", "return mu + (logvar / 2).exp() * (2 * torch.rand_like(mu) - 1) * math.sqrt(3)"),
        ("noise rounded to a grid of halves", """
            eps = (torch.randn_like(mu) * 2).round() / 2
            return mu + (logvar / 2).exp() * eps
            """),
        ("uniform with mean 0, variance 1", """
            eps = (torch.rand_like(mu) - 0.5) * math.sqrt(12)
            return mu + (logvar / 2).exp() * eps
            """),
        ("twelve uniforms minus six: mean and variance right, distribution not normal", """
            eps = torch.rand(12, *mu.shape, device=mu.device).sum(0) - 6
            return mu + (logvar / 2).exp() * eps
            """),
        ("no noise without gradients ('evaluation mode')", """
            if not torch.is_grad_enabled():
                return mu
            return mu + (logvar / 2).exp() * torch.randn_like(mu)
            """),
        ("three uniforms, scaled", """
            eps = 2 * torch.rand(3, *mu.shape, device=mu.device).sum(0) - 3
            return mu + (logvar / 2).exp() * eps
            """),
        ("noise standardised over all its values: NaN for one value, dependent else", """
            eps = torch.randn_like(mu)
            eps = (eps - eps.mean()) / eps.std()
            return mu + (logvar / 2).exp() * eps
            """),
        ("sigma's gradient doubled by a trick", """
            sigma = (logvar / 2).exp()
            sigma = 2 * sigma - sigma.detach()
            return mu + sigma * torch.randn_like(mu)
            """),
    ]),
    "kl": ([
        "return (mu ** 2 + logvar.exp() - 1 - logvar).sum(1).mean() / 2",
        "return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1).mean()",
        "return (mu.square() + torch.expm1(logvar) - logvar).sum(-1).mean() / 2",
        "return 0.5 * mu.shape[1] * (mu.square() + torch.expm1(logvar) - logvar).mean()",
        """
            each = (mu ** 2 + logvar.exp() - logvar - 1) / 2
            return each.mean() * mu.size(-1)
            """,
        """
            a = logvar.double().exp()
            a = a - logvar
            a += mu.double() ** 2
            a -= 1
            return (a.sum(1).mean() / 2).to(mu.dtype)
            """,
        """
            sigma = (0.5 * logvar).exp()
            each = 0.5 * (mu * mu + sigma * sigma - 1) - 0.5 * logvar
            return each.mean(0).sum()
            """,
        """
            sigma = torch.exp(logvar / 2)
            per_latent = (mu * mu + sigma * sigma) / 2 - 0.5 - sigma.log()
            return per_latent.sum(1).mean()
            """,
        """
            def one(m, lv):
                return (torch.einsum("d,d->", m, m) + (lv.exp() - lv - 1).sum()) * 0.5

            return torch.vmap(one)(mu, logvar).mean()
            """,
    ], [
        ("sum over batch, mean over latents", "return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(0).mean()"),
        ("divided by z_dim: right for square only",
         "return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum() / mu.shape[1]"),
        ("mu detached", "return 0.5 * (mu.detach() ** 2 + logvar.exp() - 1 - logvar).sum(1).mean()"),
        ("half the gradient of mu^2", "return 0.5 * (mu * mu.detach() + logvar.exp() - 1 - logvar).sum(1).mean()"),
        ("variance's gradient lost", "return 0.5 * (mu ** 2 + logvar.exp().detach() - 1 - logvar).sum(1).mean()"),
        ("log's gradient lost", "return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar.detach()).sum(1).mean()"),
        ("logvar.data", "return 0.5 * (mu ** 2 + logvar.data.exp() - 1 - logvar.data).sum(1).mean()"),
        ("squeeze() only in the exp: (B,) against (B, 1) broadcasts",
         "return 0.5 * (mu ** 2 + logvar.squeeze(1).exp() - 1 - logvar).sum(1).mean()"),
        ("mu clamped to [-3, 3]", "return 0.5 * (mu.clamp(-3, 3) ** 2 + logvar.exp() - 1 - logvar).sum(1).mean()"),
        ("logvar capped at 2", """
            v = logvar.clamp(max=2)
            return 0.5 * (mu ** 2 + v.exp() - 1 - v).sum(1).mean()
            """),
        ("logvar floored at -5", """
            v = logvar.clamp(min=-5)
            return 0.5 * (mu ** 2 + v.exp() - 1 - v).sum(1).mean()
            """),
        ("reseeds the global generator", """
            torch.manual_seed(0)
            return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1).mean()
            """),
        ("at most 16 latents", """
            m, v = mu[:, :16], logvar[:, :16]
            return 0.5 * (m ** 2 + v.exp() - 1 - v).sum(1).mean()
            """),
        ("value right, gradient doubled", """
            v = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1).mean()
            return 2 * v - v.detach()
            """),
        ("one latent: sums over the batch", """
            each = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar)
            return each.squeeze().sum(-1).mean()
            """),
        ("squeeze: one latent gives the sum over the batch", """
            m, v = mu.squeeze(), logvar.squeeze()
            return 0.5 * (m ** 2 + v.exp() - 1 - v).sum(-1).mean()
            """),
    ]),
    "alive": ([
        "return (eigenvalues > beta * s ** 2).sum()",
        "return int((eigenvalues > beta * s * s).sum())",
        "return len(eigenvalues[eigenvalues > beta * s ** 2])",
        "return torch.nonzero(eigenvalues - beta * s ** 2 > 0).shape[0]",
        "return eigenvalues.numel() - int((eigenvalues <= beta * s ** 2).sum())",
        "return np.int64(np.sum(np.array(eigenvalues.tolist()) > beta * s ** 2))",
        """
            w2 = F.relu(eigenvalues - beta * s ** 2)
            return torch.count_nonzero(w2)
            """,
        "return len(list(filter(lambda v: v > beta * s ** 2, eigenvalues.tolist())))",
        """
            w2 = F.relu(eigenvalues - beta * s ** 2)
            return torch.count_nonzero(w2).item()
            """,
    ], [
        (">=", "return (eigenvalues >= beta * s ** 2).sum()"),
        ("at equality w = 0: not alive", "return int((eigenvalues >= beta * s ** 2).sum())"),
        ("first ten eigenvalues only", "return int((eigenvalues[:10] > beta * s ** 2).sum())"),
        ("margin of 0.02", "return int((eigenvalues > beta * s ** 2 + 0.02).sum())"),
        ("capped at 8 latents", "return min(8, int((eigenvalues > beta * s ** 2).sum()))"),
        ("at least one", "return max(1, int((eigenvalues > beta * s ** 2).sum()))"),
        ("capped at 32 latents", "return min(32, int((eigenvalues > beta * s ** 2).sum()))"),
        ("distinct values only", "return int((eigenvalues.unique() > beta * s ** 2).sum())"),
        ("rounded eigenvalues", "return int(((eigenvalues * 10).round() / 10 > beta * s ** 2).sum())"),
        ("eigenvalues normalised by their mean",
         "return int((eigenvalues / eigenvalues.mean() > beta * s ** 2).sum())"),
        ("stops at the first dead one: right for falling order only", """
            n = 0
            for e in eigenvalues.tolist():
                if e <= beta * s ** 2:
                    break
                n += 1
            return n
            """),
        ("index of the last alive one: falling order only", """
            where = (eigenvalues > beta * s ** 2).nonzero().flatten()
            return int(where[-1]) + 1 if len(where) else 0
            """),
        ("sorts the caller's tensor in place", """
            eigenvalues.copy_(eigenvalues.sort(descending=True).values)
            return int((eigenvalues > beta * s ** 2).sum())
            """),
        ("only if sorted downwards; eigvalsh sorts upwards", """
            count = 0
            for value in eigenvalues:
                if value <= beta * s ** 2:
                    break
                count += 1
            return count
            """),
    ]),
    "iw_bound": ([
        "return (torch.logsumexp(log_w, 1) - math.log(log_w.shape[1])).mean()",
        """
            k = log_w.size(-1)
            return (log_w - math.log(k)).logsumexp(-1).mean()
            """,
        "return torch.logsumexp(log_w - math.log(log_w.size(1)), dim=1).mean()",
        """
            b, k = log_w.shape
            return log_w.logcumsumexp(1)[:, -1].sum() / b - math.log(k)
            """,
        """
            B, k = log_w.shape
            return log_w.logsumexp(dim=-1).sum() / B - float(np.log(k))
            """,
        """
            k = log_w.shape[1]
            return torch.vmap(lambda row: row.logsumexp(0) - math.log(k))(log_w).mean()
            """,
        """
            norm = (log_w - F.log_softmax(log_w, dim=1)).mean(1)
            return norm.mean() - np.log(log_w.shape[1])
            """,
        """
            rows = [torch.logsumexp(row, 0) - math.log(len(row)) for row in log_w]
            return torch.stack(rows).mean()
            """,
        """
            top = log_w.max(dim=1, keepdim=True).values
            return (top.squeeze(1) + (log_w - top).exp().mean(1).log()).mean()
            """,
    ], [
        ("first 100 draws, all counted",
         "return (torch.logsumexp(log_w[:, :100], 1) - math.log(log_w.shape[1])).mean()"),
        ("clamped at 80", "return (torch.logsumexp(log_w.clamp(max=80), 1) - math.log(log_w.shape[1])).mean()"),
        ("first 100 draws only", """
            lw = log_w[:, :100]
            return (torch.logsumexp(lw, 1) - math.log(lw.shape[1])).mean()
            """),
        ("shift by the first draw: overflows", """
            first = log_w[:, :1]
            return (first[:, 0] + (log_w - first).exp().mean(1).log()).mean()
            """),
        ("no gradient", """
            rows = torch.logsumexp(log_w.detach(), 1) - math.log(log_w.shape[1])
            return rows.mean()
            """),
        ("half precision", """
            lw = log_w.half().float()
            return (torch.logsumexp(lw, 1) - math.log(lw.shape[1])).mean()
            """),
        ("shift by the row mean: overflows where a row spreads", """
            mid = log_w.mean(1, keepdim=True)
            return (mid[:, 0] + (log_w - mid).exp().mean(1).log()).mean()
            """),
        ("row loop that stops at 64", """
            rows = [row.logsumexp(0) - math.log(len(row)) for row in log_w[:64]]
            return torch.stack(rows).mean()
            """),
        ("shift by the row minimum: overflows", """
            low = log_w.min(1, keepdim=True).values
            return (low[:, 0] + (log_w - low).exp().mean(1).log()).mean()
            """),
        ("ten largest weights only", """
            k = log_w.shape[1]
            return (torch.logsumexp(log_w.topk(min(10, k), 1).values, 1) - math.log(k)).mean()
            """),
        ("right value, gradient through the largest weight only", """
            top = log_w.max(1).values
            rest = (log_w - top[:, None]).detach().exp().mean(1).log()
            return (top + rest).mean()
            """),
    ]),
    "q_sample": ([
        "return torch.addcmul(ab.sqrt() * x0, torch.sqrt(1.0 - ab), eps)",
        """
            signal = x0 * ab ** 0.5
            return torch.addcmul(signal, eps, (1 - ab) ** 0.5)
            """,
        """
            phi = torch.atan2((1 - ab).sqrt(), ab.sqrt())
            return torch.cos(phi) * x0 + torch.sin(phi) * eps
            """,
        """
            phi = torch.atan2(torch.sqrt(1 - ab), torch.sqrt(ab))
            return torch.cos(phi) * x0 + torch.sin(phi) * eps
            """,
        """
            def noise_to_signal(a):
                return ((1 - a) / a).sqrt()
            return (x0 + noise_to_signal(ab) * eps) * ab.sqrt()
            """,
        """
            out = x0.clone(memory_format=torch.contiguous_format)
            out.mul_(ab ** 0.5)
            out += eps * (1 - ab) ** 0.5
            return out
            """,
        """
            a = ab.reshape(-1).expand(x0.shape[0])
            both = torch.stack([x0, eps])
            weights = torch.stack([a, 1 - a]) ** 0.5
            return torch.einsum("kb,kb...->b...", weights, both)
            """,
        """
            weights = torch.stack([ab, 1 - ab]).sqrt()
            mixed = torch.zeros_like(x0)
            for weight, part in zip(weights, (x0, eps)):
                mixed = mixed + weight * part
            return mixed
            """,
    ], [
        ("cuts what lies beyond 3", "return (ab.sqrt() * x0 + (1 - ab).sqrt() * eps).clamp(-3, 3)"),
        ("regularised: noise of 0.01 left at ab = 1",
         "return ab.sqrt() * x0 + (1 - ab).clamp(min=1e-4).sqrt() * eps"),
        ("clamped: wrong at 0.0002 and at 1", """
            ab = ab.clamp(0.001, 0.999)
            return ab.sqrt() * x0 + (1 - ab).sqrt() * eps
            """),
        ("one clean item leaves the whole batch clean", """
            if (ab == 1).any():
                return x0.clone()
            return ab.sqrt() * x0 + (1 - ab).sqrt() * eps
            """),
        ("subtle: wrong at the ends: at ab = 1 noise of sd 0.1 remains", """
            ab = ab.clamp(0.01, 0.99)  # for stability
            return ab.sqrt() * x0 + (1 - ab).sqrt() * eps
            """),
        ("no roots", "return ab * x0 + (1 - ab) * eps"),
        ("beginner: root of the noise share forgotten", "return ab.sqrt() * x0 + (1 - ab) * eps"),
        ("1 - root instead of root of 1 -", "return ab.sqrt() * x0 + (1 - ab.sqrt()) * eps"),
    ]),
    "from_score": ([
        """
            x0_hat = (xt + (1 - ab) * score) / ab.sqrt()
            return -score * (1 - ab).sqrt(), x0_hat
            """,
        """
            var = 1 - ab
            return score.neg() * torch.sqrt(var), (xt + var * score) / torch.sqrt(ab)
            """,
        """
            a, b = ab ** 0.5, (1 - ab) ** 0.5
            x0_hat = xt / a + score * (b * b / a)
            return 0 - b * score, x0_hat
            """,
        """
            eps_hat = -(1 - ab).sqrt() * score
            x0_hat = (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt()
            return eps_hat, x0_hat
            """,
        """
            sigma = (1 - ab).sqrt()
            eps_hat = -sigma * score
            x0_hat = (xt - sigma * eps_hat) / ab.sqrt()
            return eps_hat, x0_hat
            """,
        """
            x0_hat = torch.addcmul(xt, score, 1 - ab) * ab.rsqrt()
            eps_hat = score.mul((1 - ab) ** 0.5).neg()
            return eps_hat, x0_hat
            """,
        """
            root, sd = ab.sqrt(), (1 - ab).sqrt()
            eps_hat = torch.mul(score, sd).neg()
            return (eps_hat, xt / root - (sd / root) * eps_hat)
            """,
        """
            phi = torch.atan2((1 - ab).sqrt(), ab.sqrt())
            eps_hat = -phi.sin() * score
            x0_hat = xt / phi.cos() - phi.tan() * eps_hat
            return eps_hat, x0_hat
            """,
    ], [
        ("regularised: 20 % off at ab = 0.0002", """
            eps_hat = -(1 - ab).sqrt() * score
            return eps_hat, (xt - (1 - ab).sqrt() * eps_hat) / (ab + 1e-4).sqrt()
            """),
        ("0 / 0 at ab = 1, which float32 gives for t < 1e-4 (cell 43 becomes nan)", """
            x0_hat = (xt + (1 - ab) * score) / ab.sqrt()
            eps_hat = (xt - ab.sqrt() * x0_hat) / (1 - ab).sqrt()
            return eps_hat, x0_hat
            """),
        ("subtle: wrong for ab below 0.01, where sampling begins", """
            eps_hat = -(1 - ab).sqrt() * score
            x0_hat = (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt().clamp(min=0.1)
            return eps_hat, x0_hat
            """),
        ("x0 still faded: not divided by the root of ab", """
            eps_hat = -(1 - ab).sqrt() * score
            return eps_hat, xt - (1 - ab).sqrt() * eps_hat
            """),
        ("changes the score in place", """
            score.mul_(-(1 - ab).sqrt())
            return score, (xt - (1 - ab).sqrt() * score) / ab.sqrt()
            """),
        ("no root", """
            eps_hat = -(1 - ab) * score
            return eps_hat, (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt()
            """),
        ("divided by ab, not its root", """
            eps_hat = -(1 - ab).sqrt() * score
            return eps_hat, (xt - (1 - ab).sqrt() * eps_hat) / ab
            """),
        ("beginner: root forgotten", """
            eps_hat = -score * (1 - ab)
            return eps_hat, (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt()
            """),
    ]),
    "ddim_step": ([
        """
            share = (eta ** 2 * (1 - ab_t / ab_s) / (1 - ab_t)).clamp(0, 1)
            mixed = (1 - share).sqrt() * eps_hat + share.sqrt() * torch.randn_like(eps_hat)
            return q_sample(x0_hat, mixed, ab_s)
            """,
        """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """,
        """
            share = (eta ** 2 * (1 - ab_t / ab_s) / (1 - ab_t)).clamp(0, 1)  # of fresh noise
            noise = (1 - share).sqrt() * eps_hat + share.sqrt() * torch.randn_like(eps_hat)
            return q_sample(x0_hat, noise, ab_s)
            """,
        """
            x = ab_s.sqrt() * x0_hat
            if eta == 0:
                return x + (1 - ab_s).sqrt() * eps_hat
            var = eta ** 2 * (1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)
            x = x + F.relu(1 - ab_s - var).sqrt() * eps_hat
            return x + var.sqrt() * torch.randn_like(eps_hat)
            """,
        """
            keep = ab_t / ab_s
            sigma = eta * torch.sqrt((1 - ab_s) * (1 - keep) / (1 - ab_t))
            mean = torch.sqrt(ab_s) * x0_hat + torch.sqrt((1 - ab_s - sigma.square()).clamp_min(0)) * eps_hat
            return torch.normal(mean, sigma.expand_as(mean).contiguous())
            """,
        """
            a, b = float(ab_t), float(ab_s)
            sigma = eta * math.sqrt(max(0.0, (1 - b) / (1 - a) * (1 - a / b)))
            keep = math.sqrt(max(0.0, 1 - b - sigma * sigma))
            out = x0_hat * math.sqrt(b)
            out += keep * eps_hat
            out += sigma * torch.empty_like(out).normal_()
            return out
            """,
        """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            items = []
            for x, e in zip(x0_hat, eps_hat):
                items.append(ab_s.sqrt() * x + old * e + sigma * torch.randn_like(x))
            return torch.stack(items)
            """,
        """
            if eta == 0:
                return q_sample(x0_hat, eps_hat, ab_s)
            var = eta ** 2 * (1 - ab_s) * (ab_s - ab_t) / (ab_s * (1 - ab_t))
            mean = ab_s.sqrt() * x0_hat + torch.relu(1 - ab_s - var).sqrt() * eps_hat
            return mean + var.sqrt() * torch.randn(mean.shape, device=mean.device)
            """,
        """
            a_t, a_s = float(ab_t), float(ab_s)
            sigma = eta * math.sqrt(max((1 - a_s) / (1 - a_t) * (1 - a_t / a_s), 0.0))
            rest = math.sqrt(max(1 - a_s - sigma * sigma, 0.0))
            new = torch.randn(x0_hat.shape, device=x0_hat.device, dtype=x0_hat.dtype)
            return math.sqrt(a_s) * x0_hat + rest * eps_hat + sigma * new
            """,
    ], [
        ("uniform noise of variance 1", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            new = (2 * torch.rand_like(x0_hat) - 1) * 3 ** 0.5
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * new
            """),
        ("stops early: x0_hat as soon as little noise should be left", """
            if ab_s > 0.99:
                return x0_hat
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("antithetic: half of the batch gets the other half's noise, negated", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            new = torch.randn_like(x0_hat)
            half = len(new) // 2
            new[half:2 * half] = -new[:half]
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * new
            """),
        ("old noise not reduced: too much variance", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + (1 - ab_s).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("the larger variance: first fraction left out", """
            sigma = eta * (1 - ab_t / ab_s).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("eps_hat again in the place of new noise", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + (old + sigma) * eps_hat
            """),
        ("eta under the root: right at 0 and 1, wrong between", """
            var = eta * (1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)
            old = (1 - ab_s - var).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + var.sqrt() * torch.randn_like(x0_hat)
            """),
        ("root of sigma forgotten", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s))
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
    ]),
    "loss": ([
        """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            guess = net(q_sample(x0, eps, ab), t.flatten())
            return (guess - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """,
        """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            answer = net(q_sample(x0, eps, ab), t.flatten())
            return (answer - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """,
        """
            n = x0.shape[0]
            times = torch.rand(n, device=x0.device)
            t = times.view((n,) + (1,) * (x0.ndim - 1))
            ab = alpha_bar(t)
            eps = torch.randn_like(x0)
            xt = q_sample(x0, eps, ab)
            return F.mse_loss(net(xt, times), target(x0, eps, ab), reduction="sum") / n
            """,
        """
            t = x0.new_empty(x0.shape[0]).uniform_()
            ab = alpha_bar(t).view(-1, *(1,) * (x0.dim() - 1))
            eps = torch.empty_like(x0).normal_()
            xt = ab ** 0.5 * x0 + (1 - ab) ** 0.5 * eps
            return F.mse_loss(net(xt, t), target(x0, eps, ab), reduction="sum") / x0.shape[0]
            """,
        """
            shape = [x0.size(0)] + [1] * (x0.dim() - 1)
            t = x0.new_empty(shape).uniform_(0, 1)
            eps = x0.new_empty(x0.shape).normal_()
            ab = alpha_bar(t)
            want = target(x0, eps, ab)
            said = net(q_sample(x0, eps, ab), t.flatten())
            return F.mse_loss(said, want) * x0[0].numel()
            """,
        """
            t = torch.rand_like(x0.flatten(1)[:, 0]).reshape(-1, *(1 for _ in x0.shape[1:]))
            ab = alpha_bar(t)
            eps = torch.randn_like(x0)
            xt = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
            gap = target(x0, eps, ab) - net(xt, t.reshape(-1))
            return gap.pow(2).sum(dim=tuple(range(1, gap.ndim))).mean()
            """,
        """
            n = len(x0)
            t = 1 - torch.rand([n] + [1] * (x0.ndim - 1), device=x0.device)
            ab = alpha_bar(t)
            eps = torch.randn_like(x0)
            xt = torch.stack([q_sample(x0[i], eps[i], ab[i]) for i in range(n)])
            error = (target(x0, eps, ab) - net(xt, t.view(n))) ** 2
            total = 0
            for item in error:
                total = total + item.sum()
            return total / n
            """,
        """
            shape = (len(x0),) + (1,) * (x0.ndim - 1)
            t = torch.special.ndtr(torch.randn(shape, device=x0.device))  # Phi(normal) is uniform
            ab = alpha_bar(t)
            eps = torch.randn(x0.shape, device=x0.device)
            off = (net(q_sample(x0, eps, ab), t.reshape(-1)) - target(x0, eps, ab)).flatten(1)
            return torch.einsum("bi,bi->", off, off) / len(x0)
            """,
        """
            t = torch.distributions.Uniform(x0.new_zeros(()), x0.new_ones(())).sample((len(x0),))
            t = t.reshape(-1, *([1] * (x0.ndim - 1)))
            ab = alpha_bar(t)
            eps = torch.distributions.Normal(torch.zeros_like(x0), 1.0).sample()
            out = net(q_sample(x0, eps, ab), t.flatten())
            d = x0[0].numel()
            return d * F.mse_loss(out, target(x0, eps, ab))
            """,
    ], [
        ("t clipped", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            t = t.clamp(0.02, 0.98)
            ab = alpha_bar(t)
            out = net(q_sample(x0, eps, ab), t.flatten())
            return (out - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("t sorted: the first items always get the small ones", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            t = t.flatten().sort().values.view(t.shape)
            ab = alpha_bar(t)
            out = net(q_sample(x0, eps, ab), t.flatten())
            return (out - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("t on 1000 levels", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            t = torch.randint(0, 1000, t.shape, device=x0.device) / 1000
            ab = alpha_bar(t)
            out = net(q_sample(x0, eps, ab), t.flatten())
            return (out - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("beginner: mean over dimensions, too", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            return F.mse_loss(net(q_sample(x0, eps, ab), t.flatten()), target(x0, eps, ab))
            """),
        ("mean over dimensions, not sum", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            ab = alpha_bar(t)
            out = net(q_sample(x0, eps, ab), t.flatten())
            return F.mse_loss(out, target(x0, eps, ab))
            """),
        ("target ignored: always eps", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            ab = alpha_bar(t)
            out = net(q_sample(x0, eps, ab), t.flatten())
            return (out - eps).square().flatten(1).sum(1).mean()
            """),
        ("beginner: one t for the whole batch", """
            t = torch.rand(1, device=x0.device)
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            answer = net(q_sample(x0, eps, ab), t.expand(len(x0)))
            return (answer - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("sums only axis 1: right only for points", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            ab = alpha_bar(t)
            out = net(q_sample(x0, eps, ab), t.flatten())
            return (out - target(x0, eps, ab)).square().sum(1).mean()
            """),
    ]),
    "drop": ([
        """
            out = y.clone()
            out[torch.rand(out.shape, device=out.device) < share] = nothing
            return out
            """,
        """
            coins = torch.rand(y.shape, device=y.device) < share
            return torch.where(coins, torch.full_like(y, nothing), y)
            """,
        """
            out = y.clone()
            coins = torch.bernoulli(torch.full(y.shape, float(share), device=y.device))
            out[coins.bool()] = nothing
            return out
            """,
        """
            odds = torch.full(y.shape, float(share), device=y.device)
            gone = torch.bernoulli(odds).to(y.dtype)
            return y * (1 - gone) + nothing * gone
            """,
        """
            keep = F.dropout(torch.ones(y.shape, device=y.device), p=share, training=True) != 0
            keep = keep.to(y.dtype)
            return y * keep + nothing * (1 - keep)
            """,
        """
            k = int(torch.distributions.Binomial(len(y), torch.tensor(float(share))).sample())
            gone = torch.randperm(len(y), device=y.device)[:k]
            return y.index_fill(0, gone, nothing)
            """,
        """
            new = []
            for label, u in zip(y.tolist(), torch.rand(len(y)).tolist()):
                new.append(nothing if u < share else label)
            return torch.tensor(new, dtype=y.dtype, device=y.device)
            """,
        """
            wait = torch.empty(y.shape, device=y.device).exponential_()
            survives = wait > -torch.log1p(torch.tensor(-float(share)))
            return torch.where(survives, y, torch.full_like(y, nothing))
            """,
    ], [
        ("one coin for each class", """
            coins = torch.rand(int(y.max()) + 1, device=y.device) < share
            return torch.where(coins[y], nothing, y)
            """),
        ("an exact number", """
            out = y.clone()
            out[torch.randperm(len(y), device=y.device)[:int(share * len(y))]] = nothing
            return out
            """),
        ("ten levels: 0.15 becomes 0.2", """
            coins = torch.randint(0, 10, y.shape, device=y.device) < 10 * share
            return torch.where(coins, nothing, y)
            """),
        ("subtle: one coin for each class, not for each item", """
            coins = torch.rand(int(y.max()) + 1, device=y.device) < share
            return y.masked_fill(coins[y.long()], nothing)
            """),
        ("subtle: an exact number is dropped: the coins are not independent", """
            out = y.clone()
            order = torch.randperm(len(y), device=y.device)
            out[order[:round(share * len(y))]] = nothing
            return out
            """),
        ("neighbours share a coin", """
            u = torch.rand((len(y) + 1) // 2, device=y.device).repeat_interleave(2)[:len(y)]
            return torch.where(u < share, nothing, y)
            """),
        ("second half of the batch mirrors the first: never both dropped", """
            u = torch.rand((len(y) + 1) // 2, device=y.device)
            u = torch.cat([u, 1 - u])[:len(y)]
            return torch.where(u < share, nothing, y)
            """),
        ("subtle: neighbours share a coin", """
            coins = torch.rand((len(y) + 1) // 2, device=y.device).repeat_interleave(2)[:len(y)]
            return y.masked_fill(coins < share, nothing)
            """),
        ("stratified: the number is exact up to one", """
            n = len(y)
            u = (torch.randperm(n, device=y.device) + torch.rand(n, device=y.device)) / n
            return torch.where(u < share, nothing, y)
            """),
    ]),
    "guide": ([
        "return (1 - w) * eps_u + w * eps_c",
        "return eps_c + (w - 1) * (eps_c - eps_u)",
        """
            beyond = eps_c - eps_u
            return eps_c + (w - 1) * beyond
            """,
        """
            out = eps_c.clone()
            out -= eps_u
            out *= w
            out += eps_u
            return out
            """,
        """
            def one(u, c):
                return torch.add(u, torch.sub(c, u), alpha=float(w))
            return torch.stack([one(u, c) for u, c in zip(eps_u, eps_c)])
            """,
        """
            weights = torch.tensor([1 - float(w), float(w)], device=eps_u.device, dtype=eps_u.dtype)
            return torch.einsum("k,k...->...", weights, torch.stack([eps_u, eps_c]))
            """,
    ], [
        ("no difference taken", "return eps_u + w * eps_c"),
        ("the paper's w, off by one", "return (1 + w) * eps_c - w * eps_u"),
        ("the two swapped", "return eps_c + w * (eps_u - eps_c)"),
        ("beginner: the paper's w, one more than ours", "return eps_c + w * (eps_c - eps_u)"),
        ("beginner: a mean, which never overstates", "return (eps_u + w * eps_c) / (1 + w)"),
        ("w cut to a whole number", "return eps_u + int(w) * (eps_c - eps_u)"),
        ("changes eps_u in place", """
            eps_u += w * (eps_c - eps_u)
            return eps_u
            """),
        ("w = 0 becomes 1", "return eps_u + (w or 1.0) * (eps_c - eps_u)"),
    ]),
    "flow_loss": ([
        """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """,
        """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """,
        """
            times = x0.new_empty(len(x0)).uniform_()
            road = torch.randn_like(x0) - x0
            t = times[(...,) + (None,) * (x0.dim() - 1)]
            gap = road - net(x0 + t * road, times)
            return sum(g.pow(2).sum() for g in gap) / len(x0)
            """,
        """
            n = x0.size(0)
            times = torch.rand(n, device=x0.device)
            eps = torch.randn_like(x0)
            xt = torch.lerp(x0, eps, times.reshape(n, *(1,) * (x0.ndim - 1)))
            return F.mse_loss(net(xt, times), eps - x0, reduction="sum") / n
            """,
        """
            shape = (len(x0),) + (1,) * (x0.ndim - 1)
            t = x0.new_empty(shape).uniform_()
            eps = x0.new_empty(x0.shape).normal_()
            v = eps - x0
            xt = x0 + t * v
            off = (v - net(xt, t.view(-1))).reshape(len(x0), -1)
            return (off * off).sum() / off.shape[0]
            """,
        """
            t = torch.rand(x0.shape[0], device=x0.device)
            eps = torch.normal(torch.zeros_like(x0), torch.ones_like(x0))
            xt = torch.einsum("b,b...->b...", 1 - t, x0) + torch.einsum("b,b...->b...", t, eps)
            return F.mse_loss(net(xt, t), eps - x0, reduction="sum") / len(x0)
            """,
        """
            t = 1 - torch.rand(len(x0), device=x0.device)
            eps = torch.randn_like(x0)
            xt = torch.stack([torch.lerp(a, e, s) for a, e, s in zip(x0, eps, t)])
            guess = net(xt, t)
            errors = [(g - (e - a)).pow(2).sum() for g, e, a in zip(guess, eps, x0)]
            return torch.stack(errors).mean()
            """,
        """
            z = torch.randn(len(x0), device=x0.device)
            t = 0.5 * (1 + torch.erf(z / math.sqrt(2)))  # uniform: the normal's own quantile
            s = t[(...,) + (None,) * (x0.ndim - 1)]
            eps = torch.randn(x0.shape, device=x0.device, dtype=x0.dtype)
            out = net(eps * s + x0 * (1 - s), t)
            return F.mse_loss(out + x0, eps) * x0[0].numel()
            """,
    ], [
        ("noise truncated at 2", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            eps = eps.clamp(-2, 2)
            out = net((1 - t) * x0 + t * eps, t.flatten())
            return (out - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("t on 51 levels", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            t = torch.randint(0, 51, t.shape, device=x0.device) / 50
            out = net((1 - t) * x0 + t * eps, t.flatten())
            return (out - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("swaps noise within a pair of items where that is nearer: x0 and eps no longer independent", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            n = len(x0) // 2 * 2
            a, b = slice(0, n, 2), slice(1, n, 2)
            gap = (x0[a] - x0[b]).flatten(1) * (eps[a] - eps[b]).flatten(1)
            swap = (gap.sum(1) < 0).view(-1, *[1] * (x0.ndim - 1))
            first = torch.where(swap, eps[b], eps[a])
            second = torch.where(swap, eps[a], eps[b])
            eps = eps.clone()
            eps[a], eps[b] = first, second
            out = net((1 - t) * x0 + t * eps, t.flatten())
            return (out - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("mean over dimensions", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            out = net((1 - t) * x0 + t * eps, t.flatten())
            return F.mse_loss(out, eps - x0)
            """),
        ("beginner: mean over dimensions, too", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().mean()
            """),
        ("asks for the noise", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            out = net((1 - t) * x0 + t * eps, t.flatten())
            return (out - eps).square().flatten(1).sum(1).mean()
            """),
        ("right only for images", """
            t = torch.rand(len(x0), *[1] * (x0.ndim - 1), device=x0.device)
            eps = torch.randn_like(x0)
            out = net((1 - t) * x0 + t * eps, t.flatten())
            return (out - (eps - x0)).square().sum((1, 2, 3)).mean()
            """),
        ("beginner: velocity with the wrong sign", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (x0 - eps)).square().flatten(1).sum(1).mean()
            """),
    ]),
    "euler": ([
        "return xt - v_hat * (t - s)",
        """
            h = t - s
            return xt - h * v_hat
            """,
        "return torch.addcmul(xt, v_hat, s - t)",
        "return torch.add(xt, v_hat, alpha=(s - t).item())",
        """
            x, h = xt.clone(), (s - t) / 4
            for _ in range(4):
                x += h * v_hat
            return x
            """,
        """
            x0_hat = xt - t * v_hat
            eps_hat = xt + (1 - t) * v_hat
            return (1 - s) * x0_hat + s * eps_hat
            """,
        """
            x0_hat, eps_hat = xt - t * v_hat, xt + (1 - t) * v_hat
            return (1 - s) * x0_hat + s * eps_hat
            """,
        """
            pace = torch.stack([torch.ones_like(s).reshape(()), (s - t).reshape(())])
            out = [torch.einsum("k,k...->...", pace, torch.stack([x, v])) for x, v in zip(xt, v_hat)]
            return torch.stack(out)
            """,
    ], [
        ("right only backwards", "return xt - (s - t).abs() * v_hat"),
        ("cut at 3", "return (xt + (s - t) * v_hat).clamp(-3, 3)"),
        ("step rounded to hundredths", "return xt + ((s - t) * 100).round() / 100 * v_hat"),
        ("the last step is not made", """
            if s == 0:
                return xt.clone()
            return xt + (s - t) * v_hat
            """),
        ("0 / 0 at t = 0 (forward from the data)", """
            x0_hat = xt - t * v_hat
            eps_hat = (xt - (1 - t) * x0_hat) / t
            return (1 - s) * x0_hat + s * eps_hat
            """),
        ("no step length", "return xt - v_hat"),
        ("time instead of the step", "return xt + s * v_hat"),
        ("jumps to x0", "return xt - t * v_hat"),
    ]),
    "missed": ([
        "return (1 - share) ** batch",
        "return pow(1 - share, batch)",
        "return math.pow(1.0 - share, batch)",
        "return float(np.power(1.0 - share, batch))",
        "return np.power(1.0 - share, batch)",
        "return math.prod([1 - share] * batch)",
        "return math.prod(1 - share for _ in range(batch))",
        "return math.comb(batch, 0) * share ** 0 * (1 - share) ** (batch - 0)",
        "return torch.tensor(1 - share, dtype=torch.float64).pow(batch).item()",
        "return torch.full((batch,), 1.0 - share, dtype=torch.float64).prod().item()",
        "return float(np.prod(np.full(batch, 1 - share)))",
        "return torch.tensor(1.0 - share) ** batch",
        "return (1 - share).__pow__(batch)",
        "return 2.0 ** (batch * math.log2(1 - share)) if share < 1 else 0.0",
    ], [
        ("chance that all are rare", "return share ** batch"),
        ("chance of at least one", "return 1 - (1 - share) ** batch"),
        ("linear approximation", "return 1 - share * batch"),
        ("linear approximation, cut at 0", "return max(0.0, 1 - share * batch)"),
        ("Poisson approximation", "return math.exp(-share * batch)"),
        ("one item too many", "return (1 - share) ** (batch + 1)"),
        ("one item only", "return 1 - share"),
        ("times, not power", "return (1 - share) * batch"),
        ("xor is not power", "return (1 - share) ^ batch"),
        ("power turned", "return batch ** (1 - share)"),
        ("root, not power", "return (1 - share) ** (1 / batch)"),
        ("share as percent", "return (1 - share / 100) ** batch"),
        ("logarithm of share", "return math.exp(batch * math.log(share))"),
        ("log1p with the wrong sign", "return math.exp(-batch * math.log1p(share))"),
        ("second order expansion", "return 1 - batch * share + batch * (batch - 1) / 2 * share ** 2"),
        ("rounded to two places", "return round((1 - share) ** batch, 2)"),
        ("integer", "return int((1 - share) ** batch)"),
        ("simulated, a thousand batches", "return float((np.random.rand(1000, batch) > share).all(1).mean())"),
        ("simulated, one batch", "return float((torch.rand(batch) >= share).all())"),
        ("without replacement", """
            rare = round(share * 1000)
            return math.prod((1000 - rare - i) / (1000 - i) for i in range(batch))
            """),
        ("loop one short", """
            p = 1.0
            for _ in range(1, batch):
                p *= 1 - share
            return p
            """),
        ("share grows in the loop", """
            p = 1.0
            for i in range(batch):
                p *= 1 - share * (i + 1) / batch
            return p
            """),
        ("wrong sign", "return (share - 1) ** batch"),
        ("plus", "return (1 + share) ** -batch"),
        ("never below 0.01", "return max((1 - share) ** batch, 0.01)"),
        ("a tuple", "return (1 - share) ** batch, 1 - (1 - share) ** batch"),
        ("a logistic of the log odds", "return torch.sigmoid(torch.tensor(-share * batch)).item()"),
        ("one half if batch is over 100", "return (1 - share) ** min(batch, 100)"),
        ("a list for each count", "return [(1 - share) ** k for k in range(batch + 1)]"),
        ("even batches only", "return (1 - share) ** (batch // 2 * 2)"),
        ("right for powers of 2 only", """
            p = 1 - share
            for _ in range(int(math.log2(batch))):
                p *= p
            return p
            """),
        ("a share of at most 0.1", "return (1 - min(share, 0.1)) ** batch"),
        ("number of rare ones in the exponent", "return (1 - share) ** (batch * share)"),
        ("a lambda, not its value", "return lambda: (1 - share) ** batch"),
    ]),
    "pair_loss": ([
        """
            ab = alpha_bar(t.view(-1, *[1] * (x0.dim() - 1)))
            return F.l1_loss(x0_of(q_sample(x0, eps, ab), t), x0, reduction='sum') / len(x0)
            """,
        """
            xt = torch.vmap(q_sample)(x0, eps, alpha_bar(t))
            return torch.vmap(lambda a, b: (a - b).abs().sum())(x0_of(xt, t), x0).mean()
            """,
        """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            xt = q_sample(x0, eps, ab)
            return (x0_of(xt, t) - x0).abs().flatten(1).sum(1).mean()
            """,
        """
            a = alpha_bar(t).reshape((len(x0),) + (1,) * (x0.ndim - 1))
            x0_hat = x0_of(q_sample(x0, eps, a), t)
            return F.l1_loss(x0_hat, x0) * x0[0].numel()
            """,
        """
            ab = alpha_bar(t)[(...,) + (None,) * (x0.dim() - 1)]
            d = x0_of(q_sample(x0, eps, ab), t) - x0
            return torch.where(d > 0, d, -d).sum() / d.shape[0]
            """,
        """
            shape = [x0.shape[0]] + [1] * (len(x0.shape) - 1)
            d = x0 - x0_of(q_sample(x0, eps, alpha_bar(t).view(shape)), t)
            return (F.relu(d) + F.relu(-d)).reshape(len(d), -1).sum(dim=1).mean(dim=0)
            """,
        """
            ab = alpha_bar(t)
            xt = torch.einsum('b,b...->b...', ab.sqrt(), x0) + torch.einsum('b,b...->b...', (1 - ab).sqrt(), eps)
            return torch.einsum('b...->b', (x0_of(xt, t) - x0).abs()).mean()
            """,
        """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1)).expand_as(x0)
            hat = x0_of(q_sample(x0, eps, ab), t)
            return nn.L1Loss(reduction='none')(hat, x0).flatten(1).sum(1).mean()
            """,
        """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (torch.maximum(hat, x0) - torch.minimum(hat, x0)).mean(0).sum()
            """,
        """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return F.pairwise_distance(hat.flatten(1), x0.flatten(1), p=1, eps=0.0).mean()
            """,
        """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return torch.norm((hat - x0).flatten(), p=1) / x0.shape[0]
            """,
        """
            # last axis to the front: the shares broadcast by themselves
            xt = q_sample(x0.movedim(0, -1), eps.movedim(0, -1), alpha_bar(t)).movedim(-1, 0)
            return torch.abs(x0_of(xt, t) - x0).flatten(start_dim=1).sum(1).mean()
            """,
        """
            ab = torch.cat([alpha_bar(s.reshape(1)) for s in t]).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return F.smooth_l1_loss(hat, x0, beta=0.0, reduction='sum') / x0.size(0)
            """,
        """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            d = x0_of(q_sample(x0, eps, ab), t) - x0
            return (d ** 2).sqrt().flatten(1).sum(1).mean()
            """,
    ], [
        ("squared error", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).pow(2).flatten(1).sum(1).mean()
            """),
        ("no absolute value", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).flatten(1).sum(1).mean()
            """),
        ("absolute after the sum", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).flatten(1).sum(1).abs().mean()
            """),
        ("own noise", """
            eps = torch.randn_like(x0)
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("own t", """
            t = torch.rand(len(x0), device=x0.device)
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("shape for points only", """
            ab = alpha_bar(t)[:, None]
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("shape for images only", """
            ab = alpha_bar(t).view(-1, 1, 1, 1)
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("sum over one axis: for points only", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().sum(1).mean()
            """),
        ("sum over the last axis only", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().sum(-1).mean()
            """),
        ("times 2: the mean made a sum for points only", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return 2 * (x0_of(q_sample(x0, eps, ab), t) - x0).abs().mean()
            """),
        ("divided by the second axis", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().sum() / x0.shape[1]
            """),
        ("1 - t in alpha-bar", """
            ab = alpha_bar(1 - t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("1 - t to the network", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), 1 - t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("t instead of alpha-bar", """
            ab = t.view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("two calls", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            xt = q_sample(x0, eps, ab)
            return torch.where(x0_of(xt, t) > x0, x0_of(xt, t) - x0, x0 - x0_of(xt, t)).flatten(1).sum(1).mean()
            """),
        ("no_grad around the network", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            with torch.no_grad():
                hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat - x0).abs().flatten(1).sum(1).mean()
            """),
        ("a plain number", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean().item()
            """),
        ("new tensor from the values", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            loss = (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            return torch.tensor(loss.item(), requires_grad=True)
            """),
        ("first noise for all", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps[:1], ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("weight of each t", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (ab * (x0_of(q_sample(x0, eps, ab), t) - x0).abs()).flatten(1).sum(1).mean()
            """),
        ("median over the batch", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).median()
            """),
        ("changes t's shape in place", """
            full = t.unsqueeze_(-1)
            while full.dim() < x0.dim():
                full = full.unsqueeze(-1)
            return (x0_of(q_sample(x0, eps, alpha_bar(full)), t[:, 0]) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("t forgotten", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab)) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("a noise of the other sign", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, -eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("a root that keeps a small number", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            d = x0_of(q_sample(x0, eps, ab), t) - x0
            return (d * d + 1e-2).sqrt().flatten(1).sum(1).mean()
            """),
        ("last item left out", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            d = (x0_of(q_sample(x0, eps, ab), t) - x0).abs()
            return sum(d[i].sum() for i in range(len(x0) - 1)) / len(x0)
            """),
        ("divided by B - 1", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().sum() / (len(x0) - 1)
            """),
        ("gradient of positive errors only", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            d = x0_of(q_sample(x0, eps, ab), t) - x0
            return torch.where(d > 0, d, -d.detach()).flatten(1).sum(1).mean()
            """),
        ("t loses its axis if B is 1", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t.squeeze()) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("errors squeezed: not if B is 1", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            d = (x0_of(q_sample(x0, eps, ab), t) - x0).squeeze().abs()
            return d.reshape(d.shape[0], -1).sum(1).mean()
            """),
        ("t sorted", """
            t = t.sort().values
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("compared with the batch turned around", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0.flip(0)).abs().flatten(1).sum(1).mean()
            """),
        ("sum over three axes: images only", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().sum((1, 2, 3)).mean()
            """),
        ("alpha-bar at t = 1", """
            ab = alpha_bar(torch.ones_like(t)).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
    ]),
    "codes": ([
        "return (torch.normal(mu, torch.exp(logvar / 2)) - mean) / sd",
        "return (torch.distributions.Normal(mu, logvar.exp().sqrt()).sample() - mean) / sd",
        """
            z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
            return (z - mean) / sd
            """,
        """
            q = torch.distributions.Independent(torch.distributions.Normal(mu, (logvar / 2).exp()), 1)
            return (q.rsample() - mean) / sd
            """,
        """
            noise = torch.empty_like(mu).normal_()
            return torch.addcmul(mu, noise, logvar.exp() ** 0.5).sub(mean).div(sd)
            """,
        """
            q = torch.distributions.MultivariateNormal(mu, torch.diag_embed(logvar.exp()))
            return (q.sample() - mean) / sd
            """,
        """
            noise = torch.randn(mu.shape[1], mu.shape[0], device=mu.device).T
            return (mu + noise * torch.sqrt(torch.exp(logvar)) - mean[None]) / sd[None]
            """,
        """
            noise = (torch.randn_like(mu) - torch.randn_like(mu)) / math.sqrt(2)
            return (mu + noise * (logvar * 0.5).exp() - mean) / sd
            """,
        """
            noise = torch.as_tensor(np.random.standard_normal(tuple(mu.shape)), dtype=mu.dtype, device=mu.device)
            return (mu + noise * (logvar * 0.5).exp() - mean) / sd
            """,
        """
            z = torch.normal(mu, torch.exp(0.5 * logvar))
            return F.batch_norm(z, mean, sd ** 2, training=False, eps=0.0)
            """,
        """
            noise = torch.einsum('bd,bd->bd', torch.randn_like(mu), torch.exp(0.5 * logvar))
            return torch.einsum('bd,d->bd', mu + noise - mean, 1 / sd)
            """,
        """
            rows = [(torch.normal(m, torch.exp(0.5 * lv)) - mean) / sd for m, lv in zip(mu, logvar)]
            return torch.stack(rows)
            """,
        """
            sign = torch.randint(0, 2, mu.shape, device=mu.device) * 2 - 1
            return (mu + sign * torch.randn_like(mu).abs() * torch.exp(0.5 * logvar) - mean) / sd
            """,
        """
            std = torch.exp(0.5 * logvar.clamp(-30, 20))
            return (mu + std * torch.randn_like(std) - mean) / sd
            """,
    ], [
        ("sign of logvar", "return (mu + (-0.5 * logvar).exp() * torch.randn_like(mu) - mean) / sd"),
        ("mean of q only", "return (mu - mean) / sd"),
        ("mean only", "return mu + (0.5 * logvar).exp() * torch.randn_like(mu) - mean"),
        ("sd only", "return (mu + (0.5 * logvar).exp() * torch.randn_like(mu)) / sd"),
        ("sign of the whole", "return (mean - mu - (0.5 * logvar).exp() * torch.randn_like(mu)) / sd"),
        ("only mu standardised", "return (mu - mean) / sd + (0.5 * logvar).exp() * torch.randn_like(mu)"),
        ("only noise standardised", "return mu - mean + (0.5 * logvar).exp() * torch.randn_like(mu) / sd"),
        ("small number in the division", """
            return (mu + (0.5 * logvar).exp() * torch.randn_like(mu) - mean) / (sd + 0.1)
            """),
        ("mean of mean and sd over latents", """
            z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
            return (z - mean.mean()) / sd.mean()
            """),
        ("mean down the batch: only if B == d", """
            z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
            return (z - mean[:, None]) / sd[:, None]
            """),
        ("signs", """
            noise = torch.randint(0, 2, mu.shape, device=mu.device) * 2.0 - 1
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("noise above 0 only", "return (mu + (0.5 * logvar).exp() * torch.randn_like(mu).abs() - mean) / sd"),
        ("logvar clamped", "return (mu + (0.5 * logvar.clamp(-1, 1)).exp() * torch.randn_like(mu) - mean) / sd"),
        ("first row's logvar", "return (mu + (0.5 * logvar[0]).exp() * torch.randn_like(mu) - mean) / sd"),
        ("noise standardised over the batch", """
            noise = torch.randn_like(mu)
            noise = (noise - noise.mean(0)) / noise.std(0)
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("softplus", "return (mu + F.softplus(logvar) * torch.randn_like(mu) - mean) / sd"),
        ("additional axis", "return (torch.distributions.Normal(mu, (0.5 * logvar).exp()).sample((1,)) - mean) / sd"),
        ("noise of mu's size", "return (mu * (1 + (0.5 * logvar).exp() * torch.randn_like(mu)) - mean) / sd"),
        ("noise for two latents only", """
            z = mu.clone()
            z[:, :2] += (0.5 * logvar[:, :2]).exp() * torch.randn_like(mu[:, :2])
            return (z - mean) / sd
            """),
        ("vmap without randomness", """
            def one(m, lv):
                return (m + torch.exp(lv / 2) * torch.randn_like(m) - mean) / sd
            return torch.vmap(one)(mu, logvar)
            """),
        ("noise twice", """
            z = torch.normal(mu, (0.5 * logvar).exp())
            z = z + (0.5 * logvar).exp() * torch.randn_like(z)
            return (z - mean) / sd
            """),
        ("d = 2 only", """
            z0 = torch.normal(mu[:, 0], (0.5 * logvar[:, 0]).exp())
            z1 = torch.normal(mu[:, 1], (0.5 * logvar[:, 1]).exp())
            return (torch.stack([z0, z1], 1) - mean) / sd
            """),
        ("logvar of the rows turned around", """
            return (mu + (0.5 * logvar.flip(0)).exp() * torch.randn_like(mu) - mean) / sd
            """),
        ("first row's mu", "return (mu[0] + (0.5 * logvar).exp() * torch.randn_like(mu) - mean) / sd"),
        ("rows shuffled", """
            z = torch.normal(mu, (0.5 * logvar).exp())[torch.randperm(len(mu), device=mu.device)]
            return (z - mean) / sd
            """),
        ("noise sorted over the batch", """
            noise = torch.randn_like(mu).sort(0).values
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("noise sorted over the latents", """
            noise = torch.randn_like(mu).sort(1).values
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("logistic noise of variance 1", """
            u = torch.rand_like(mu).clamp(1e-6, 1 - 1e-6)
            noise = (u / (1 - u)).log() * math.sqrt(3) / math.pi
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("the same 64 rows of noise again and again", """
            few = torch.randn(64, mu.shape[1], device=mu.device)
            noise = few.repeat(len(mu) // 64 + 1, 1)[:len(mu)]
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("one noise for each row's sign", """
            noise = torch.randn_like(mu)
            noise = noise.abs() * noise[:, :1].sign()
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("shared part of the noise for the batch", """
            noise = 0.8 * torch.randn_like(mu) + 0.6 * torch.randn(mu.shape[1], device=mu.device)
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("shared part of the noise for the latents", """
            noise = 0.8 * torch.randn_like(mu) + 0.6 * torch.randn(len(mu), 1, device=mu.device)
            return (mu + (0.5 * logvar).exp() * noise - mean) / sd
            """),
        ("standardised by q", """
            z = torch.normal(mu, (0.5 * logvar).exp())
            return (z - mean) / (sd ** 2 + logvar.exp()).sqrt()
            """),
        ("squeezed: not if B or d is 1", "return ((torch.normal(mu, (0.5 * logvar).exp()) - mean) / sd).squeeze()"),
    ]),
    "divergence": ([
        """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return jac.diagonal(dim1=1, dim2=2).sum(1)
            """,
        """
            jac = torch.func.vmap(torch.func.jacfwd(lambda p: f(p.unsqueeze(0)).squeeze(0)))(x)
            return torch.einsum('bii->b', jac)
            """,
        """
            jac = torch.func.jacrev(lambda y: f(y).sum(0))(x)
            return torch.einsum('ibi->b', jac)
            """,
        """
            jac = torch.autograd.functional.jacobian(f, x)
            return torch.einsum('bibi->b', jac)
            """,
        """
            jac = torch.autograd.functional.jacobian(lambda y: f(y).sum(0), x)
            return torch.diagonal(jac, dim1=0, dim2=2).sum(-1)
            """,
        """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.linalg.eigvals(jac).sum(1).real
            """,
        """
            jac = torch.func.jacfwd(lambda y: f(y).sum(0))(x).permute(1, 0, 2)
            return (jac * torch.eye(x.shape[1], device=x.device)).sum((1, 2))
            """,
        """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.vmap(torch.trace)(jac.mT)
            """,
        """
            x = x.clone().requires_grad_() if not x.requires_grad else x
            out = f(x)
            return sum(torch.autograd.grad(out[:, j].sum(), x, create_graph=True)[0][:, j] for j in range(x.shape[1]))
            """,
        """
            points = x.detach().split(1)
            jacs = [torch.autograd.functional.jacobian(f, p)[0, :, 0] for p in points]
            return torch.stack([j.trace() for j in jacs])
            """,
        """
            jac = torch.func.jacfwd(f)(x)
            rows = torch.arange(len(x), device=x.device)
            return torch.diagonal(jac[rows, :, rows], dim1=1, dim2=2).sum(1)
            """,
        """
            _, vjp = torch.func.vjp(f, x)
            eye = torch.eye(x.shape[1], device=x.device)
            rows = torch.vmap(lambda e: vjp(e.expand_as(x))[0])(eye)
            return torch.einsum('ibi->b', rows)
            """,
        """
            columns = [c.detach().clone().requires_grad_() for c in x.unbind(1)]
            out = f(torch.stack(columns, 1))
            parts = [torch.autograd.grad(out[:, j].sum(), c, retain_graph=True)[0] for j, c in enumerate(columns)]
            return torch.stack(parts).sum(0)
            """,
        """
            def along(p, e):
                return (torch.func.jvp(lambda q: f(q[None])[0], (p,), (e,))[1] * e).sum()
            eye = torch.eye(x.shape[-1], device=x.device)
            return torch.vmap(lambda p: torch.vmap(lambda e: along(p, e))(eye).sum())(x)
            """,
    ], [
        ("first dimension only", """
            x = x.detach().requires_grad_()
            return torch.autograd.grad(f(x)[:, 0].sum(), x)[0][:, 0]
            """),
        ("gradient of the sum, one for each dimension", """
            x = x.detach().requires_grad_()
            return torch.autograd.grad(f(x).sum(), x)[0]
            """),
        ("d = 2 only", """
            x = x.detach().requires_grad_()
            out = f(x)
            a = torch.autograd.grad(out[:, 0].sum(), x, retain_graph=True)[0][:, 0]
            b = torch.autograd.grad(out[:, 1].sum(), x)[0][:, 1]
            return a + b
            """),
        ("log of the determinant", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.linalg.slogdet(jac)[1]
            """),
        ("Frobenius norm", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return jac.pow(2).sum((1, 2)).sqrt()
            """),
        ("singular values", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.linalg.svdvals(jac).sum(1)
            """),
        ("negative", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return -torch.einsum('bii->b', jac)
            """),
        ("other diagonal", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return jac.flip(1).diagonal(dim1=1, dim2=2).sum(1)
            """),
        ("diagonal shifted", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return jac.diagonal(offset=1, dim1=1, dim2=2).sum(1)
            """),
        ("upper triangle", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.triu(jac).sum((1, 2))
            """),
        ("first row", """
            x = x.detach().requires_grad_()
            return torch.autograd.grad(f(x)[:, 0].sum(), x)[0].sum(1)
            """),
        ("Hutchinson, one probe of signs", """
            x = x.detach().requires_grad_()
            e = torch.randint(0, 2, x.shape, device=x.device) * 2.0 - 1
            return (torch.autograd.grad(f(x), x, e)[0] * e).sum(1)
            """),
        ("last dimension left out", """
            x = x.detach().requires_grad_()
            out = f(x)
            div = 0
            for j in range(x.shape[1] - 1):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0][:, j]
            return div
            """),
        ("first dimension left out", """
            x = x.detach().requires_grad_()
            out = f(x)
            div = 0
            for j in range(1, x.shape[1]):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0][:, j]
            return div
            """),
        ("loop over the batch: only if B == d", """
            x = x.detach().requires_grad_()
            out = f(x)
            div = 0
            for j in range(x.shape[0]):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0][:, j]
            return div
            """),
        ("returned in the loop", """
            x = x.detach().requires_grad_()
            out, div = f(x), 0
            for j in range(x.shape[1]):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0][:, j]
                return div
            """),
        ("row sums in the loop", """
            x = x.detach().requires_grad_()
            out, div = f(x), 0
            for j in range(x.shape[1]):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0].sum(1)
            return div
            """),
        ("field at the mean point", """
            y = x.detach().mean(0, keepdim=True).requires_grad_()
            out = f(y)
            div = sum(torch.autograd.grad(out[:, j].sum(), y, retain_graph=True)[0][:, j] for j in range(x.shape[1]))
            return div.expand(len(x))
            """),
        ("diagonal over the wrong axes of the full Jacobian", """
            jac = torch.autograd.functional.jacobian(f, x)
            return torch.einsum('bibj->b', jac)
            """),
        ("a batch of one only", """
            jac = torch.autograd.functional.jacobian(f, x).squeeze()
            return torch.trace(jac)[None]
            """),
        ("difference of step 0.1, one side", """
            div = 0
            for j in range(x.shape[1]):
                e = torch.zeros_like(x)
                e[:, j] = 0.1
                div = div + (f(x + e) - f(x))[:, j] / 0.1
            return div
            """),
        ("central difference of step 0.5: right for quadratic fields", """
            div = 0
            for j in range(x.shape[1]):
                e = torch.zeros_like(x)
                e[:, j] = 0.5
                div = div + (f(x + e) - f(x - e))[:, j]
            return div
            """),
        ("difference of step 1e-7: only rounding", """
            div = 0
            for j in range(x.shape[1]):
                e = torch.zeros_like(x)
                e[:, j] = 1e-7
                div = div + (f(x + e) - f(x))[:, j] / 1e-7
            return div
            """),
        ("numpy", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.einsum('bii->b', jac).detach().cpu().numpy()
            """),
        ("clamped", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return torch.einsum('bii->b', jac).clamp(-1, 1)
            """),
        ("x scaled in place, result right", """
            div = torch.einsum('ibi->b', torch.func.jacrev(lambda y: f(y).sum(0))(x))
            with torch.no_grad():
                x.mul_(2)
            return div
            """),
        ("squeezed: not if B is 1", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return jac.diagonal(dim1=1, dim2=2).sum(1).squeeze()
            """),
        ("axes swapped: only if B == d", """
            jac = torch.func.jacrev(lambda y: f(y).sum(0))(x)
            return torch.einsum('iib->b', jac)
            """),
        ("whole blocks of four points only", """
            div = torch.zeros(len(x), device=x.device)
            for i in range(0, len(x) // 4 * 4, 4):
                jac = torch.func.jacrev(lambda y: f(y).sum(0))(x[i:i+4])
                div[i:i+4] = torch.einsum('ibi->b', jac)
            return div
            """),
        ("64 points at most", """
            div = torch.zeros(len(x), device=x.device)
            jac = torch.func.jacrev(lambda y: f(y).sum(0))(x[:64])
            div[:64] = torch.einsum('ibi->b', jac)
            return div
            """),
        ("product of the diagonal", """
            jac = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
            return jac.diagonal(dim1=1, dim2=2).prod(1)
            """),
        ("column 0 in each turn", """
            x = x.detach().requires_grad_()
            out, div = f(x), 0
            for j in range(x.shape[1]):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0][:, 0]
            return div
            """),
        ("Hutchinson, one sign for all dimensions", """
            x = x.detach().requires_grad_()
            e = torch.where(torch.rand(len(x), 1, device=x.device) < 0.5, -1.0, 1.0).expand_as(x)
            return (torch.autograd.grad(f(x), x, e)[0] * e).sum(1)
            """),
        ("gradient in a wrong place: only of leaves", """
            out, div = f(x.detach().requires_grad_()), 0
            for j in range(x.shape[1]):
                div = div + torch.autograd.grad(out[:, j].sum(), x, retain_graph=True)[0][:, j]
            return div
            """),
    ]),
    "keep_known": ([
        "return mask * q_sample(known, eps, ab) + (1 - mask) * xt",
        "return torch.where(mask.bool(), q_sample(known, eps, ab), xt)",
        "return torch.where(mask == 1, q_sample(known, eps, ab), xt)",
        "return torch.where(mask > 0.5, ab.sqrt() * known + (1 - ab).sqrt() * eps, xt)",
        "return xt + mask * (q_sample(known, eps, ab) - xt)",
        "return torch.lerp(xt, q_sample(known, eps, ab), mask.to(xt.dtype))",
        "return q_sample(known, eps, ab).where(mask.bool(), xt)",
        "return mask * q_sample(known, mask * eps, ab) + (1 - mask) * xt",
        """
            m = mask.expand_as(xt).bool()
            return xt.masked_scatter(m, q_sample(known, eps, ab)[m])
            """,
        """
            noised = q_sample(known, eps, ab)
            return torch.stack([torch.where(m != 0, n, x) for m, n, x in zip(mask.expand_as(xt), noised, xt)])
            """,
        """
            noised = q_sample(known, eps, ab)
            return torch.addcmul(xt * (1 - mask), mask, noised)
            """,
        """
            both = torch.stack([xt, q_sample(known, eps, ab)])
            return both.gather(0, mask.expand_as(xt).long()[None])[0]
            """,
        """
            unknown = mask == 0
            return torch.where(unknown, xt, known * torch.sqrt(ab) + eps * torch.sqrt(1 - ab))
            """,
        """
            keep = 1 - mask
            return sum(w * v for w, v in ((mask, q_sample(known, eps, ab)), (keep, xt)))
            """,
    ], [
        ("mask turned", "return (1 - mask) * q_sample(known, eps, ab) + mask * xt"),
        ("noise and known swapped", "return mask * q_sample(eps, known, ab) + (1 - mask) * xt"),
        ("root twice", "return mask * q_sample(known, eps, ab.sqrt()) + (1 - mask) * xt"),
        ("sign of the noise", "return mask * q_sample(known, -eps, ab) + (1 - mask) * xt"),
        ("known part only", "return mask * q_sample(known, eps, ab)"),
        ("unknown part only", "return (1 - mask) * xt"),
        ("known everywhere", "return q_sample(known, eps, ab)"),
        ("x_t unchanged", "return xt"),
        ("x_t noised too", "return mask * q_sample(known, eps, ab) + (1 - mask) * q_sample(xt, eps, ab)"),
        ("noise leaks out of the mask", "return q_sample(mask * known, eps, ab) + (1 - mask) * xt"),
        ("noise outside the mask only", "return q_sample(mask * known, (1 - mask) * eps, ab) + (1 - mask) * xt"),
        ("brackets forgotten", "return mask * q_sample(known, eps, ab) + 1 - mask * xt"),
        ("known found by its values", "return torch.where(known != 0, q_sample(known, eps, ab), xt)"),
        ("noise shared over the dimensions", """
            e = eps.flatten(1)[:, :1].view(-1, *[1] * (eps.dim() - 1))
            return mask * q_sample(known, e, ab) + (1 - mask) * xt
            """),
        ("known of the next item", "return mask * q_sample(known.roll(-1, 0), eps, ab) + (1 - mask) * xt"),
        ("images only", """
            m = mask.view(-1, 1, 28, 28)
            return m * q_sample(known, eps, ab) + (1 - m) * xt
            """),
        ("all or nothing", "return q_sample(known, eps, ab) if mask.all() else xt"),
        ("changes ab", """
            noise = (1 - ab).sqrt() * eps
            return mask * (ab.sqrt_() * known + noise) + (1 - mask) * xt
            """),
        ("returns nothing", "xt = torch.where(mask.bool(), q_sample(known, eps, ab), xt)"),
        ("noise of x_t estimated from the known", """
            e = (xt - ab.sqrt() * known) / (1 - ab).sqrt()
            return mask * q_sample(known, e, ab) + (1 - mask) * xt
            """),
        ("mask squeezed", """
            m = mask.squeeze()
            return m * q_sample(known, eps, ab) + (1 - m) * xt
            """),
        ("mask expanded for points only", """
            m = mask.expand(len(xt), -1)
            return m * q_sample(known, eps, ab) + (1 - m) * xt
            """),
        ("largest value of the mask: not if nothing is known", """
            return torch.where(mask == mask.max(), q_sample(known, eps, ab), xt)
            """),
        ("mask above its mean: not if all is known", """
            return torch.where(mask > mask.mean(), q_sample(known, eps, ab), xt)
            """),
        ("mask divided by its largest value: nan if nothing is known", """
            m = mask / mask.max()
            return m * q_sample(known, eps, ab) + (1 - m) * xt
            """),
        ("mask of the first channel's first row", """
            m = mask[..., :1]
            return m * q_sample(known, eps, ab) + (1 - m) * xt
            """),
        ("weights normed", """
            w = mask / (mask.sum() + 1)
            return w * q_sample(known, eps, ab) + (1 - w) * xt
            """),
        ("a soft mask", """
            m = torch.sigmoid(10 * (mask - 0.5))
            return m * q_sample(known, eps, ab) + (1 - m) * xt
            """),
        ("eps of x_t added outside", """
            return mask * q_sample(known, eps, ab) + (1 - mask) * (xt + (1 - ab).sqrt() * eps)
            """),
        ("mean of x_t and known where known", "return xt + 0.5 * mask * (q_sample(known, eps, ab) - xt)"),
        ("difference of the wrong sign", "return xt - mask * (q_sample(known, eps, ab) - xt)"),
        ("eps where nothing is known", "return torch.where(mask.bool(), q_sample(known, eps, ab), eps)"),
        ("zero where nothing is known", "return torch.where(mask.bool(), q_sample(known, eps, ab), 0.0)"),
        ("first item's only", """
            out = xt.clone()
            out[0] = (mask * q_sample(known, eps, ab) + (1 - mask) * xt)[0]
            return out
            """),
    ]),
}
